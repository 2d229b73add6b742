/**
 * What a pool's forecaster carries from tick to tick, in two parts: the hot one changes at every tick and is small
 * (≈ 3.5 KB), the cold one is the profile of the week (≈ 16 KB) and is saved at most hourly. A tick that finds the cold
 * part older than the hot one learns the bins between the two again, in the profile alone.
 *
 * Numbers are stored as base64 of 32-bit floats: a third of their size as decimal text, and the same on every machine.
 */
import type { Instant } from "../time.ts";
import { type Calibration, CELLS } from "./calibration.ts";
import { HORIZONS_MS } from "./forecast.ts";
import type { Level } from "./level.ts";
import { DAY_SLOTS, type Profile, WEEK_SLOTS } from "./profile.ts";

/** Ratios of one day, one per 5-minute bin, indexed by bin number modulo this. */
export const RING_BINS = DAY_SLOTS;
const VERSION = 1;

export type ForecastState = {
  readonly zone: string;
  /** Bins before this are in level, ratios and calibrations. */
  through: Instant;
  /** Bins before this are in the profile. */
  profileThrough: Instant;
  readonly ratios: Float32Array;
  readonly level: Level;
  readonly calibrations: Calibration[];
  readonly profile: Profile;
};

/** JSON values, ready to be stored. */
export type StoredState = { readonly hot: HotState; readonly cold: ColdState };
export type HotState = {
  version: number;
  zone: string;
  through: Instant;
  level: Level;
  ratios: string;
  calibrations: { weight: string; size: number; resolved: number }[];
};
export type ColdState = {
  version: number;
  zone: string;
  through: Instant;
  overallLoad: number;
  overallCount: number;
  week: string;
  weekCount: string;
  day: string;
  dayCount: string;
};

export function encodeState(state: ForecastState): StoredState {
  const { profile } = state;
  return {
    hot: {
      version: VERSION,
      zone: state.zone,
      through: state.through,
      level: state.level,
      ratios: toBase64(state.ratios),
      calibrations: state.calibrations.map(({ weight, size, resolved }) => {
        return { weight: toBase64(weight), size, resolved };
      }),
    },
    cold: {
      version: VERSION,
      zone: state.zone,
      through: state.profileThrough,
      overallLoad: profile.overallLoad,
      overallCount: profile.overallCount,
      week: toBase64(profile.weekLoad),
      weekCount: toBase64(profile.weekCount),
      day: toBase64(profile.dayLoad),
      dayCount: toBase64(profile.dayCount),
    },
  };
}

/** The state that was stored, or null where it is of another version or damaged and must be rebuilt from samples. */
export function decodeState(stored: StoredState | null): ForecastState | null {
  if (stored === null || stored.hot.version !== VERSION || stored.cold.version !== VERSION) return null;
  if (stored.hot.zone !== stored.cold.zone) return null;
  try {
    const state = { ...decodeHot(stored.hot), ...decodeCold(stored.cold) };
    return isWhole(state) ? state : null;
  } catch {
    return null;
  }
}

function decodeHot({
  zone,
  through,
  level,
  ratios,
  calibrations,
}: HotState): Omit<ForecastState, keyof ColdPart> {
  return {
    zone,
    through,
    level: { ...level },
    ratios: floatsOf(ratios),
    calibrations: calibrations.map(({ weight, size, resolved }) => ({
      weight: floatsOf(weight),
      size,
      resolved,
    })),
  };
}

type ColdPart = Pick<ForecastState, "profile" | "profileThrough">;

function decodeCold(cold: ColdState): ColdPart {
  return {
    profileThrough: cold.through,
    profile: {
      weekLoad: floatsOf(cold.week),
      weekCount: bytesOf(cold.weekCount),
      dayLoad: floatsOf(cold.day),
      dayCount: bytesOf(cold.dayCount),
      overallLoad: cold.overallLoad,
      overallCount: cold.overallCount,
    },
  };
}

function isWhole({ ratios, calibrations, profile }: ForecastState): boolean {
  return (
    ratios.length === RING_BINS &&
    profile.weekLoad.length === WEEK_SLOTS &&
    profile.weekCount.length === WEEK_SLOTS &&
    profile.dayLoad.length === DAY_SLOTS &&
    profile.dayCount.length === DAY_SLOTS &&
    calibrations.length === HORIZONS_MS.length &&
    calibrations.every(({ weight }) => weight.length === CELLS)
  );
}

function toBase64(values: Float32Array | Uint8Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function floatsOf(base64: string): Float32Array {
  return new Float32Array(bytesOf(base64).buffer);
}
