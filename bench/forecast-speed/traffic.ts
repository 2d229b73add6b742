/** The same weeks for all who are timed: a daily and a weekly season with noise, from a small generator of its own. */
export const BIN_MS = 300_000;
export const DAYS = 28;
export const HORIZON_MS = 48 * 3_600_000;
export const START = Date.UTC(2026, 4, 4);

export function traffic(bins: number): number[] {
  let seed = 1;
  const noise = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return 0.85 + (0.3 * seed) / 2_147_483_647;
  };
  return Array.from({ length: bins }, (_, i) => {
    const daily = 1.2 + Math.sin((2 * Math.PI * i) / 288);
    const weekend = Math.floor(i / 288) % 7 >= 5 ? 0.6 : 1;
    return Math.round(500 * daily * weekend * noise());
  });
}
