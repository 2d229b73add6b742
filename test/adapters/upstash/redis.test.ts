import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeRedisFailure } from "../../../src/adapters/upstash/describe-failure.ts";
import { type Connected, onEachServer } from "./servers.ts";

onEachServer((server, connect) => {
  describe(`connectRedis (${server})`, () => {
    let connected: Connected;
    beforeAll(async () => {
      connected = await connect();
    });
    afterAll(() => connected?.close());

    it("gives strings back as they were written", async () => {
      for (const text of ["007", "1e3", '{"a":1}', "null", "OK", "ünïcode"]) {
        await connected.redis.set("plain", text);
        expect(await connected.redis.get("plain")).toBe(text);
      }
    });

    it("throws errors that quote the command, which describeRedisFailure leaves out", async () => {
      await connected.redis.rpush("a-list", "x");
      const failure = await connected.redis.incr("a-list").catch((error: unknown) => error);
      expect(String(failure)).toContain("a-list");
      expect(describeRedisFailure(failure)).toBe("refused by Redis (WRONGTYPE)");
    });
  });
});

describe("describeRedisFailure", () => {
  it("keeps the kind of failure and nothing of the message", () => {
    const refused = new TypeError("fetch failed for https://secret", {
      cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    });
    expect(describeRedisFailure(refused)).toBe("not reached (ECONNREFUSED)");
    expect(describeRedisFailure(new TypeError("Bearer secret is invalid"))).toBe("not reached (TypeError)");
    expect(describeRedisFailure("secret")).toBe("unknown failure");
  });
});
