/** Boots as Fly's events tell them: by example, and as the simulated Fly makes them. */
import { describe, expect, it } from "vitest";
import { toldBootOf } from "../../../src/adapters/fly/told-boot.ts";
import { CONTRACT_APP as APP } from "../../contracts/machine-api.ts";
import { serveShop } from "./simulated.ts";

type Told = Parameters<typeof toldBootOf>[0];
type Events = NonNullable<Told["events"]>;
const T = Date.UTC(2026, 5, 1);

/** Oldest first, "type source status@ms"; Fly's order is the other way round. */
const events = (...texts: string[]): Events =>
  texts
    .map((text) => {
      const [type = "", source = "", told = ""] = text.split(" ");
      const [status = "", at = "0"] = told.split("@");
      return { type, source, status, timestamp: T + Number(at) };
    })
    .reverse();
const passing = (ms: number) => ({ status: "passing", updated_at: new Date(T + ms).toISOString() });

const START = ["start user starting@1000", "start flyd started@3000"];

describe("a told boot", () => {
  it.each<[string, Told, unknown]>([
    [
      "of a stopped machine",
      { events: events("exit flyd stopped@0", ...START), checks: [] },
      ["start", 1000, 3000, 3000],
    ],
    [
      "of a suspended one",
      { events: events("suspend flyd suspended@0", ...START), checks: [] },
      ["resume", 1000, 3000, 3000],
    ],
    [
      "of one that was stopped after it was suspended",
      { events: events("suspend flyd suspended@0", "stop user stopped@1", ...START), checks: [] },
      ["start", 1000, 3000, 3000],
    ],
    [
      "of a new one, launched and started",
      {
        events: events(
          "launch user created@1000",
          "launch flyd created@1500",
          "start flyd starting@9000",
          "start flyd started@9500",
        ),
        checks: [],
      },
      ["create", 1000, 9500, 9500],
    ],
    [
      "up to its last check",
      { events: events(...START), checks: [passing(4000), passing(7000)] },
      ["start", 1000, 3000, 7000],
    ],
    [
      "whose checks passed before, as far as they say",
      { events: events(...START), checks: [passing(10)] },
      ["start", 1000, 3000, 3000],
    ],
    [
      "whose checks do not pass yet",
      { events: events(...START), checks: [passing(4000), { status: "critical", updated_at: null }] },
      ["start", 1000, 3000, null],
    ],
    [
      "whose check changed long after it",
      { events: events(...START), checks: [passing(3_600_000)] },
      ["start", 1000, 3000, null],
    ],
    [
      "asked for by Fly Proxy",
      { events: events("start proxy starting@1000", "start flyd started@3000"), checks: [] },
      ["start", 1000, 3000, 3000],
    ],
    ["that has not ended", { events: events("start user starting@1000"), checks: [] }, null],
    ["whose beginning is not told", { events: events("start flyd started@3000"), checks: [] }, null],
    [
      "that was a deploy's",
      { events: events("update user replacing@1000", "start flyd started@3000"), checks: [] },
      null,
    ],
    [
      "that was a restart",
      { events: events(...START, "restart user restarting@9000", "start flyd started@9500"), checks: [] },
      null,
    ],
    ["after which it crashed", { events: events(...START, "exit flyd stopped@9000"), checks: [] }, null],
    ["without events", { events: null, checks: null }, null],
  ])("%s", (_what, machine, expected) => {
    const boot = toldBootOf(machine);
    expect(
      boot && [boot.path, boot.askedAt - T, boot.startedAt - T, boot.servingAt && boot.servingAt - T],
    ).toEqual(expected);
  });

  it("comes of the simulated Fly's events, by each way", async () => {
    const shop = await serveShop();
    try {
      const listed = await shop.api.list(APP);
      const [up, down] = ["started", "stopped"].map((state) => listed.find((one) => one.state === state)!.id);
      expect(listed.every(({ lastBoot }) => lastBoot === undefined || lastBoot.servingAt !== null)).toBe(
        true,
      );
      await shop.api.start(APP, down!);
      await shop.api.suspend(APP, up!);
      shop.fly.sleep(5_000);
      await shop.api.start(APP, up!);
      const made = await shop.api.create(APP, { name: "fa-web-fra-1-1-1", region: "fra", templateId: up! });
      shop.fly.sleep(60_000);
      const seconds = async (id: string) => {
        const { lastBoot } = await shop.api.get(APP, id);
        return lastBoot && [lastBoot.path, (lastBoot.servingAt! - lastBoot.askedAt) / 1_000];
      };
      expect(await seconds(down!)).toEqual(["start", 3]);
      expect(await seconds(up!)).toEqual(["resume", 1.4]);
      expect(await seconds(made.id)).toEqual(["create", 12]);
    } finally {
      await shop.close();
    }
  });
});
