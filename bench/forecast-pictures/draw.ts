/**
 * A fan of quantiles over what was measured, as SVG by hand: whole units only, so that the same bins give the same bytes.
 * Colours are of a middle tone, and change with the reader's light or dark page.
 */
import { DAY_MS, HOUR_MS, type Instant } from "../../src/core/time.ts";
import { zoneOffsetMs } from "../../src/core/zone.ts";
import type { Bin } from "./fan.ts";
import { type Story, ZONE } from "./stories.ts";

const [WIDTH, HEIGHT] = [1_440, 620];
const FRAME = { left: 110, right: 1_420, top: 112, bottom: 560 };
/** Places in STORED_QUANTILES: 0.1, 0.5, 0.9, 0.95, 0.99. */
const [LOW, MEDIAN, HIGH, COUNTED, HIGHEST] = [0, 1, 2, 3, 4];

const STYLE = `text{font:24px system-ui,sans-serif;fill:#57606a}.h{font-size:30px;font-weight:600;fill:#24292f}
.g{stroke:#8c959f;stroke-opacity:.3}.n{stroke:#8c959f;stroke-width:3;stroke-dasharray:8 8}path{fill:none;stroke-width:3;stroke-linejoin:round}
.w{fill:#0969da;fill-opacity:.16}.f{fill:#0969da;fill-opacity:.26}.m{stroke:#0969da;stroke-width:4}.c{stroke:#bc4c00;stroke-dasharray:14 6}
.a{stroke:#24292f}.l{stroke:#24292f;stroke-opacity:.6;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.h{fill:#f0f6fc}.w,.f{fill:#4493f8}.m{stroke:#4493f8}.c{stroke:#f0883e}.a,.l{stroke:#f0f6fc}}`;

type Scale = { readonly x: (at: Instant) => number; readonly y: (load: number) => number };
type Point = readonly [x: number, y: number];

export function draw(story: Story, bins: readonly Bin[]): string {
  const top = roundTop(
    Math.max(...bins.flatMap(({ actual, load }) => [actual, load?.[COUNTED] ?? 0])) * 1.03,
  );
  const scale: Scale = {
    x: (at) => place(FRAME.left, FRAME.right, (at - story.from) / (story.until - story.from)),
    y: (load) => place(FRAME.bottom, FRAME.top, Math.min(1.03, load / top)),
  };
  const now = "at" in story.seen ? story.seen.at : null;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"><title>${story.title}</title><desc>${story.says}</desc>`,
    `<style>${STYLE.replaceAll("\n", "")}</style>`,
    `<text class="h" x="${FRAME.left}" y="34">${story.title}</text>`,
    `<text transform="rotate(-90)" x="${-FRAME.bottom}" y="28">requests a minute</text>`,
    legend(),
    grid(story, top, scale),
    ...curves(bins, scale, now),
    now === null ? "" : nowLine(scale.x(now)),
    "</svg>\n",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

function curves(bins: readonly Bin[], { x, y }: Scale, now: Instant | null): string[] {
  const forecast = bins.filter((bin) => bin.load !== null);
  const along = (quantile: number) => forecast.map(({ at, load }): Point => [x(at), y(load![quantile]!)]);
  const area = (low: number, high: number) => `${line([...along(high), ...along(low).reverse()])}z`;
  const measured = (which: (at: Instant) => boolean) =>
    line(
      bins
        .filter(({ at, actual }) => which(at) && !Number.isNaN(actual))
        .map(({ at, actual }) => [x(at), y(actual)]),
    );
  return [
    `<path class="w" d="${area(HIGH, HIGHEST)}"/>`,
    `<path class="f" d="${area(LOW, HIGH)}"/>`,
    `<path class="${now === null ? "a" : "l"}" d="${measured((at) => now === null || at >= now)}"/>`,
    now === null ? "" : `<path class="a" d="${measured((at) => at < now)}"/>`,
    `<path class="c" d="${line(along(COUNTED))}"/>`,
    `<path class="m" d="${line(along(MEDIAN))}"/>`,
  ];
}

/** Relative steps are shorter than places. */
function line(points: readonly Point[]): string {
  return points
    .map(([x, y], i) => {
      const before = points[i - 1];
      if (before === undefined) return `M${x} ${y}`;
      const down = y - before[1];
      return `l${x - before[0]}${down < 0 ? "" : " "}${down}`;
    })
    .join("");
}

function grid({ from, until }: Story, top: number, { x, y }: Scale): string {
  const lines: string[] = [];
  for (let part = 0; part <= 4; part++) {
    const load = (top * part) / 4;
    lines.push(`<path class="g" d="M${FRAME.left} ${y(load)}H${FRAME.right}"/>`);
    lines.push(`<text x="${FRAME.left - 12}" y="${y(load) + 8}" text-anchor="end">${load}</text>`);
  }
  const everyMs =
    until - from > 1.5 * DAY_MS ? 6 * HOUR_MS : until - from > 22 * HOUR_MS ? 4 * HOUR_MS : 2 * HOUR_MS;
  for (let at = from; at < until; at += HOUR_MS) {
    const local = (at + zoneOffsetMs(ZONE, at)) % DAY_MS;
    if (local % everyMs !== 0) continue;
    lines.push(
      `<text x="${x(at)}" y="${FRAME.bottom + 36}" text-anchor="middle">${local / HOUR_MS}:00</text>`,
    );
    if (local === 0) lines.push(`<path class="g" d="M${x(at)} ${FRAME.top}V${FRAME.bottom}"/>`);
  }
  return lines.join("");
}

function nowLine(x: number): string {
  return `<path class="n" d="M${x} ${FRAME.top}V${FRAME.bottom}"/><text x="${x + 10}" y="${FRAME.top + 24}">forecast here</text>`;
}

const KEYS = [
  ["a", "measured", 220],
  ["m", "median", 190],
  ["f", "0.1 to 0.9", 230],
  ["w", "to 0.99", 200],
  ["c", "0.95, what machines are for", 0],
] as const;

function legend(): string {
  let x = FRAME.left;
  return KEYS.map(([kind, text, width]) => {
    const key =
      kind === "f" || kind === "w"
        ? `<path class="${kind}" d="M${x} 58h44v24h-44z"/>`
        : `<path class="${kind}" d="M${x} 70h44"/>`;
    const label = `<text x="${x + 54}" y="78">${text}</text>`;
    x += width;
    return key + label;
  }).join("");
}

function place(from: number, to: number, share: number): number {
  return Math.round(from + (to - from) * share);
}

/** The next of 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten, in quarters without fractions. */
function roundTop(load: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(4, load)));
  return power * [1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 4, 4.8, 6, 8, 10].find((step) => step * power >= load)!;
}
