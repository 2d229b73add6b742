/**
 * Draws docs/pictures/*.svg: forecasts over seeded traffic, by the product's own forecaster. The same code draws the same bytes;
 * test/bench/forecast-pictures.test.ts notices when they are no longer what the forecaster says. A second or two.
 *
 * npm run bench:pictures
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { draw } from "./forecast-pictures/draw.ts";
import { fanOf } from "./forecast-pictures/fan.ts";
import { tellStories } from "./forecast-pictures/stories.ts";

const folder = fileURLToPath(new URL("../docs/pictures/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const story of tellStories()) {
  const svg = draw(story, fanOf(story));
  writeFileSync(`${folder}${story.name}.svg`, svg);
  console.log(`docs/pictures/${story.name}.svg, ${svg.length} bytes`);
}
