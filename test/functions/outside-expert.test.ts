// A forecaster outside, asked by the real function in Deno over HTTP, down to what people read in SQL.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { historyOf } from "../support/books.ts";
import { type Lab, startLab } from "../support/installation.ts";

const TOKEN = "word-for-the-expert";
let lab: Lab;
let server: Server;
let down = false;
const authorizations: (string | undefined)[] = [];

/** Says 700 requests a minute whatever it is asked. */
function answer(text: string): string {
  const { now, from, bins, quantiles, pools } = JSON.parse(text);
  const load = quantiles.map((quantile: number) => new Array(bins).fill(700 + quantile));
  return JSON.stringify({
    version: 1,
    name: "oracle",
    model: "o-1",
    pools: pools.map(({ region, processGroup }: { region: string; processGroup: string }) => {
      return { region, processGroup, madeAt: now, start: from, load };
    }),
  });
}

beforeAll(async () => {
  server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => void (down ? response.writeHead(500).end("broken") : response.end(answer(text))));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const env = { EXPERTS_URL: `http://127.0.0.1:${port}/forecast`, EXPERTS_TOKEN: TOKEN };
  lab = await startLab({ shop: [{ region: "fra" }, { region: "fra", state: "stopped" }] }, { env });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await lab.close();
});

test("its predictions are in the books under its name; its share grows as they come true; its silence stops nothing", async () => {
  lab.nextSlot();
  await lab.adopt("shop");
  lab.nextSlot();
  // The load goes up and down by the hour; only the expert says that it will be 700 from now on.
  await lab.feed("shop", 300, (minutesAgo) => 100 + 300 * (Math.floor(minutesAgo / 60) % 3));
  const shares: number[] = [];
  for (let slot = 0; slot < 12; slot++) {
    const { body } = await lab.tick("shop");
    expect(body.apps[0].status).toBe("done");
    lab.nextSlot();
    await lab.feed("shop", 15, 700);
    // Weights are shown with the cold part, once an hour.
    const [row] = await lab.sql`
      select share from flyahead_api.expert_weights where app = 'shop' and expert = 'oracle' and horizon = interval '15 minutes'`;
    shares.push(row?.share);
  }
  expect(shares[0]).toBe(0);
  expect(shares.at(-1)).toBeGreaterThan(0.3);
  const predicted = await lab.sql`
    select source, model, count(*)::integer as rows from flyahead.traffic_predictions group by 1, 2 order by 1`;
  expect([...predicted]).toEqual([
    { source: "flyahead", model: "ensemble-1", rows: 60 },
    { source: "oracle", model: "o-1", rows: 48 },
  ]);
  expect(new Set(authorizations)).toEqual(new Set([`Bearer ${TOKEN}`]));

  down = true;
  const { body } = await lab.tick("shop");
  expect(body.apps[0].status).toBe("done");
  expect((await historyOf(lab.sql, "shop")).at(-1)?.reason).not.toMatch(/oracle/);
});
