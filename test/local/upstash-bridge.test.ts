// The real @upstash clients against our bridge, on the embedded server always and on a real redis-server where there is one.
import { randomUUID } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findProgram, type LocalRedis, type RedisServerKind, startRedis } from "../../src/local/redis.ts";
import { startUpstashBridge, type UpstashBridge } from "../../src/local/upstash-bridge.ts";

const expected = Boolean(process.env.CI) && process.env.FLYAHEAD_EXPECT_REDIS === "1";
const absent = findProgram("redis-server") === undefined && !expected;
const servers: { server: RedisServerKind; skip: boolean; title: string }[] = [
  { server: "embedded", skip: false, title: "embedded" },
  {
    server: "redis-server",
    skip: absent,
    title: absent ? "skipped: no redis-server on PATH" : "redis-server",
  },
];
const token = "a-token-of-these-tests";
const release = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`;

for (const { server, skip, title } of servers) {
  describe.skipIf(skip)(`Upstash bridge on ${title}`, () => {
    let local: LocalRedis;
    let bridge: UpstashBridge;
    let redis: Redis;
    let prefix: string;

    beforeAll(async () => {
      local = await startRedis({ server });
      bridge = await startUpstashBridge({ redisPort: local.port, token });
      redis = new Redis({ url: bridge.url, token, retry: false, enableTelemetry: false });
    });
    afterAll(async () => {
      await bridge?.close();
      await local?.close();
    });
    beforeEach(() => {
      prefix = randomUUID();
    });

    const key = (name: string) => `${prefix}:${name}`;
    const rest = (path: string, init: RequestInit = {}) =>
      fetch(bridge.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
    const post = (body: unknown, path = "/") => rest(path, { method: "POST", body: JSON.stringify(body) });
    const raw = async (...command: string[]) =>
      (await (await post(command)).json()) as { result?: unknown; error?: string };

    test("values, numbers, hashes, missing keys and times to live come back as the client expects them", async () => {
      expect(await redis.set(key("object"), { a: [1, "zwei"] })).toBe("OK");
      expect(await redis.get(key("object"))).toEqual({ a: [1, "zwei"] });
      expect(await redis.get(key("nothing"))).toBeNull();
      expect(await redis.incrby(key("number"), 41)).toBe(41);
      await redis.hset(key("hash"), { state: "open", failures: 3 });
      expect(await redis.hgetall(key("hash"))).toEqual({ state: "open", failures: 3 });
      expect(await redis.mget(key("object"), key("nothing"), key("number"))).toEqual([
        { a: [1, "zwei"] },
        null,
        41,
      ]);
      await redis.set(key("short"), "x", { px: 5000 });
      const left = await redis.pttl(key("short"));
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(5000);
    });

    test("strings survive whatever they hold, in base64 and plain", async () => {
      const plain = new Redis({
        url: bridge.url,
        token,
        responseEncoding: false,
        automaticDeserialization: false,
        enableTelemetry: false,
      });
      const text = 'ÄÖ \u0000 "quoted" \n 💥 OKAY';
      await redis.set(key("text"), text);
      expect(await redis.get(key("text"))).toBe(text);
      expect(await plain.get(key("text"))).toBe(text);
      await redis.set(key("ok"), "OK");
      expect(await redis.get(key("ok"))).toBe("OK");
    });

    test("bytes that are no UTF-8 go in by path and come out in base64", async () => {
      const bytes = Buffer.from([0, 255, 128, 10, 13, 254]);
      expect((await rest(`/set/${key("bytes")}`, { method: "POST", body: bytes })).status).toBe(200);
      const answer = await rest(`/get/${key("bytes")}`, { headers: { "upstash-encoding": "base64" } });
      expect(await answer.json()).toEqual({ result: bytes.toString("base64") });
    });

    test("the path form sets and gets, with options in the query and escapes in the key", async () => {
      const name = encodeURIComponent(`${prefix}/a b`);
      expect(await (await rest(`/set/${name}/v%2F1?EX=100`)).json()).toEqual({ result: "OK" });
      expect(await (await rest(`/get/${name}`)).json()).toEqual({ result: "v/1" });
      expect(await (await rest(`/ttl/${name}`)).json()).toEqual({ result: 100 });
      expect(await (await fetch(`${bridge.url}/get/${name}?_token=${token}`)).json()).toEqual({
        result: "v/1",
      });
    });

    test("no token and a wrong token get 401 and nothing happens", async () => {
      for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: `Basic ${token}` }]) {
        const body = JSON.stringify(["SET", key("forbidden"), "1"]);
        const answer = await fetch(bridge.url, {
          method: "POST",
          body,
          headers: headers as Record<string, string>,
        });
        expect(answer.status).toBe(401);
        expect(await answer.json()).toEqual({ error: "Unauthorized" });
      }
      expect(await redis.exists(key("forbidden"))).toBe(0);
    });

    test("commands that fail, are unknown, malformed or would change the connection get 400 and a reason", async () => {
      await redis.set(key("text"), "x");
      for (const [body, reason] of [
        [["LPUSH", key("text"), "y"], /WRONGTYPE/],
        [["NOSUCHCOMMAND"], /unknown command/i],
        [["SUBSCRIBE", "channel"], /not available/],
        [["multi"], /not available/],
        [[], /empty/],
        ["text", /empty or invalid/],
      ] as const) {
        const answer = await post(body);
        expect(answer.status).toBe(400);
        expect(((await answer.json()) as { error: string }).error).toMatch(reason);
      }
      expect((await rest("/", { method: "POST", body: "{" })).status).toBe(400);
      await expect(redis.lpush(key("text"), "y")).rejects.toThrow(/WRONGTYPE/);
    });

    test("a pipeline answers each command, also beside one that fails", async () => {
      const answer = await post(
        [
          ["SET", key("a"), "1"],
          ["LPUSH", key("a"), "2"],
          ["GET", key("a")],
        ],
        "/pipeline",
      );
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual([
        { result: "OK" },
        { error: expect.stringMatching(/WRONGTYPE/) },
        { result: "1" },
      ]);
      expect(await redis.pipeline().incr(key("n")).incr(key("n")).get(key("a")).exec()).toEqual([1, 2, 1]);
    });

    test("a transaction is atomic beside other requests, and refuses what would break it", async () => {
      const transfer = () => redis.multi().incr(key("x")).incr(key("y")).mget(key("x"), key("y")).exec();
      const results = await Promise.all(Array.from({ length: 20 }, transfer));
      for (const [x, y, both] of results) expect(both).toEqual([x, y]);
      expect(await redis.mget(key("x"), key("y"))).toEqual([20, 20]);
      const failing = await post(
        [
          ["SET", key("x"), "text"],
          ["INCR", key("x")],
        ],
        "/multi-exec",
      );
      expect(await failing.json()).toEqual([{ result: "OK" }, { error: expect.stringMatching(/integer/) }]);
      expect((await post([["INCR", key("x")], ["EXEC"]], "/multi-exec")).status).toBe(400);
    });

    test("of twenty takers of one lock one wins, and only the owner releases it", async () => {
      const lock = key("lock");
      const takers = Array.from({ length: 20 }, (_, index) => `owner-${index}`);
      const taken = await Promise.all(
        takers.map((owner) => redis.set(lock, owner, { nx: true, px: 30_000 })),
      );
      expect(taken.filter((answer) => answer === "OK")).toHaveLength(1);
      const winner = takers[taken.indexOf("OK")]!;
      expect(await redis.eval(release, [lock], ["somebody else"])).toBe(0);
      expect(await redis.get(lock)).toBe(winner);
      expect(await redis.eval(release, [lock], [winner])).toBe(1);
      expect(await redis.exists(lock)).toBe(0);
      expect(await raw("SET", lock, "mine", "nx", "GET", "px", "30000")).toEqual({ result: null });
      expect(await raw("SET", lock, "other", "NX", "GET", "PX", "30000")).toEqual({ result: "mine" });
    });

    test("scripts answer what they would without the bridge, shebang or not", async () => {
      const keyed = "#!lua flags=allow-key-locking\n";
      expect(await redis.eval(`${keyed}return redis.call('SET', KEYS[1], ARGV[1])`, [key("s")], ["v"])).toBe(
        "OK",
      );
      expect(await redis.eval("return {1, 'two', {3}, false}", [], [])).toEqual([1, "two", [3], null]);
      expect(await redis.eval("return nil", [], [])).toBeNull();
      expect(await redis.eval("local n = 1 -- the last line is a comment", [], [])).toBeNull();
      expect(await redis.eval("if ARGV[1] == '1' then return 'early' end return 'late'", [], [1])).toBe(
        "early",
      );
      await expect(redis.eval("return redis.error_reply('MINE no good')", [], [])).rejects.toThrow(
        /MINE no good/,
      );
      await expect(redis.eval("\n\nreturn redis.call('NOSUCH')", [], [])).rejects.toThrow(
        /nknown|not.*known/,
      );
      const caught = "local ok = redis.pcall('LPUSH', KEYS[1], 1) return ok.err ~= nil";
      expect(await redis.eval(caught, [key("s")], [])).toBe(1);
    });

    test("a script that was loaded is called by the sha of what the client wrote", async () => {
      const script = `#!lua flags=allow-key-locking\nreturn ARGV[1] .. '${prefix}'`;
      const sha = await redis.scriptLoad(script);
      expect(sha).toMatch(/^[0-9a-f]{40}$/);
      expect(await redis.evalsha(sha, [], ["x"])).toBe(`x${prefix}`);
      expect(await redis.scriptExists(sha, "0".repeat(40))).toEqual([1, 0]);
      await expect(redis.evalsha("0".repeat(40), [], [])).rejects.toThrow(/NOSCRIPT/);
      const later = redis.createScript<string>(
        `#!lua flags=allow-key-locking\nreturn 'not loaded ${prefix}'`,
      );
      expect(await later.exec([], [])).toBe(`not loaded ${prefix}`);
      await redis.scriptFlush();
      await expect(redis.evalsha(sha, [], ["x"])).rejects.toThrow(/NOSCRIPT/);
    });

    for (const [name, limiter] of [
      ["fixedWindow", Ratelimit.fixedWindow(3, "1 h")],
      ["slidingWindow", Ratelimit.slidingWindow(3, "1 h")],
      ["tokenBucket", Ratelimit.tokenBucket(3, "1 h", 3)],
    ] as const) {
      test(`@upstash/ratelimit ${name} lets three through and tells each caller apart`, async () => {
        const limit = new Ratelimit({
          redis,
          limiter,
          prefix,
          ephemeralCache: false,
          analytics: false,
          timeout: 0,
        });
        const answers = await Promise.all(Array.from({ length: 8 }, () => limit.limit("caller")));
        expect(answers.filter(({ success }) => success)).toHaveLength(3);
        expect(await limit.limit("other")).toMatchObject({ success: true, remaining: 2, limit: 3 });
        expect((await limit.limit("other", { rate: 2 })).success).toBe(true);
        expect((await limit.limit("other")).success).toBe(false);
      });
    }

    test("commands are counted as they are billed: pipelines one by one, scripts with their calls", async () => {
      const cost = async (work: () => Promise<unknown>) => {
        const before = bridge.commands();
        await work();
        return bridge.commands() - before;
      };
      expect(await cost(() => redis.set(key("a"), 1))).toBe(1);
      expect(await cost(() => redis.pipeline().get(key("a")).get(key("a")).incr(key("a")).exec())).toBe(3);
      expect(await cost(() => redis.multi().get(key("a")).incr(key("a")).exec())).toBe(2);
      expect(await cost(() => redis.eval(release, [key("a")], ["wrong"]))).toBe(2);
      const lock = () => redis.set(key("l"), "o").then(() => redis.eval(release, [key("l")], ["o"]));
      expect(await cost(lock)).toBe(1 + 3);
      expect(await cost(() => fetch(bridge.url, { method: "POST", body: '["GET","a"]' }))).toBe(0);
    });

    test("Redis can be gone: connections are cut, or nothing is answered; then it is back", async () => {
      await redis.set(key("before"), 1);
      bridge.setDown(true);
      await expect(redis.get(key("before"))).rejects.toThrow(/fetch failed/);
      bridge.setDown("silent");
      const impatient = fetch(`${bridge.url}/get/x`, { signal: AbortSignal.timeout(100) });
      await expect(impatient).rejects.toThrow(/timeout/i);
      bridge.setDown(false);
      expect(await redis.get(key("before"))).toBe(1);
    });
  });
}

test("a bridge without a Redis behind it does not start, and says where it looked", async () => {
  const redis = await startRedis();
  await redis.close();
  await expect(startUpstashBridge({ redisPort: redis.port, token })).rejects.toThrow(
    `127.0.0.1:${redis.port}`,
  );
});
