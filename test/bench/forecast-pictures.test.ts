/** The pictures of docs/forecasting.md show what the forecaster says now, not what it once said. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { draw } from "../../bench/forecast-pictures/draw.ts";
import { fanOf } from "../../bench/forecast-pictures/fan.ts";
import { type Story, tellStories } from "../../bench/forecast-pictures/stories.ts";

const FOLDER = new URL("../../docs/pictures/", import.meta.url);
const MOST_BYTES = 30_000;
const stories = tellStories().map((story): [string, Story] => [story.name, story]);
const kept = (name: string) => readFileSync(new URL(`${name}.svg`, FOLDER), "utf8");

describe.each(stories)("%s", (name, story) => {
  const svg = draw(story, fanOf(story));

  it("is drawn byte by byte as it is kept; where the forecaster changed, run npm run bench:pictures", () => {
    expect(
      svg === kept(name),
      "docs/pictures is not what the forecaster says now: npm run bench:pictures",
    ).toBe(true);
  });

  it("is small, has a title and a description, and is shown with its words in the docs", () => {
    expect(Buffer.byteLength(svg)).toBeLessThan(MOST_BYTES);
    expect(svg).toContain(`<title>${story.title}</title><desc>${story.says}</desc>`);
    const docs = readFileSync(new URL("../forecasting.md", FOLDER), "utf8");
    expect(docs).toContain(`![${story.title}](pictures/${name}.svg)`);
  });

  it("stays in its frame, and every place in it is a whole number", () => {
    const [, width = "", height = ""] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
    const numbers = [...svg.matchAll(/ d="([^"]*)"/g)].flatMap(
      ([, path = ""]) => path.match(/-?[\d.]+/g) ?? [],
    );
    expect(numbers.length).toBeGreaterThan(500);
    expect(numbers.every((number) => Number.isInteger(Number(number)))).toBe(true);
    for (const [, path = ""] of svg.matchAll(/ d="(M[^"HVh]*)"/g)) {
      for (const [x, y] of placesOf(path)) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(Number(width));
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(Number(height));
      }
    }
  });

  it("forecasts without looking ahead: noise after the moment changes no curve", () => {
    if (!("at" in story.seen)) return;
    const { at } = story.seen;
    const { start, binMs, values } = story.traffic;
    const noise = values.map((load, i) => (start + i * binMs >= at ? 7 * load + 1 : load));
    const other = fanOf({ ...story, traffic: { ...story.traffic, values: noise } });
    expect(other.map(({ load }) => load)).toEqual(fanOf(story).map(({ load }) => load));
  });
});

it("keeps no picture that nobody draws", () => {
  const drawn = stories.map(([name]) => `${name}.svg`).sort();
  expect(readdirSync(FOLDER).sort()).toEqual(drawn);
});

/** The corners of a path of one start and relative steps. */
function placesOf(path: string): [number, number][] {
  const numbers = (path.match(/-?\d+/g) ?? []).map(Number);
  let [x, y] = [0, 0];
  return Array.from({ length: numbers.length / 2 }, (_, i): [number, number] => {
    x += numbers[2 * i]!;
    y += numbers[2 * i + 1]!;
    return [x, y];
  });
}
