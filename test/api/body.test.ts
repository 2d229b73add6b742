import { describe, expect, test } from "vitest";
import { z } from "zod";
import { drain, parseAs, parseJson, queryOf, readText } from "../../src/api/body.ts";
import { Problem } from "../../src/api/problem.ts";

const post = (body: string | Uint8Array | ReadableStream, headers: Record<string, string> = {}) =>
  new Request("http://x/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
const bytes = (...values: number[]) => new Uint8Array(values);

/** A body that counts how much of it was taken. */
function counted(pieces: readonly Uint8Array[]) {
  let taken = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[taken++];
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken: () => taken };
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Problem) return error;
  throw new Error(`no problem, but ${error}`);
}

describe("readText", () => {
  test("reads up to the limit, bytes counted and not characters", async () => {
    expect(await readText(post("ab€"), 5)).toBe("ab€");
    expect((await problemOf(readText(post("abc€"), 5))).status).toBe(413);
    expect(await readText(new Request("http://x/", { method: "POST" }), 5)).toBe("");
  });

  test("joins characters that were cut between two pieces", async () => {
    const { stream } = counted([bytes(0xe2, 0x82), bytes(0xac)]);
    expect(await readText(post(stream), 10)).toBe("€");
  });

  test("an announced length over the limit is refused without reading", async () => {
    const { stream, taken } = counted([bytes(1, 2, 3)]);
    const problem = await problemOf(readText(post(stream, { "content-length": "4000" }), 10));
    expect([problem.status, problem.type, taken()]).toEqual([413, "payload-too-large", 0]);
  });

  test("an unannounced one is read no further than twice the limit, and nothing past it is kept", async () => {
    const { stream, taken } = counted(Array.from({ length: 100 }, () => new Uint8Array(10)));
    expect((await problemOf(readText(post(stream), 25))).status).toBe(413);
    expect(taken()).toBeLessThanOrEqual(7);
  });

  test("a body that does not come is not waited for, and what it holds is given up", async () => {
    let cancelled = false;
    const stream = new ReadableStream({
      start: (controller) => controller.enqueue(bytes(0x7b)),
      cancel: () => {
        cancelled = true;
      },
    });
    const problem = await problemOf(readText(post(stream), 10, 20));
    expect([problem.status, problem.type, cancelled]).toEqual([408, "too-slow", true]);
  });

  test("a body whose connection breaks is a problem without the runtime's words", async () => {
    const stream = new ReadableStream({
      pull: (controller) => controller.error(new Error("socket 7 reset")),
    });
    const problem = await problemOf(readText(post(stream), 10));
    expect([problem.status, problem.message]).toEqual([400, "The body broke off, or its framing is wrong"]);
  });

  test("what is refused is read on so that the caller hears it, up to twice the limit", async () => {
    const { stream, taken } = counted(Array.from({ length: 100 }, () => new Uint8Array(10)));
    await drain(post(stream), 25);
    expect(taken()).toBeLessThanOrEqual(7);
    const read = post("abc");
    await readText(read, 10);
    await drain(read, 10);
  });

  test.each([
    ["a stray byte", bytes(0x7b, 0xff, 0x7d)],
    ["a cut character", bytes(0xe2, 0x82)],
    ["an overlong zero", bytes(0xc0, 0x80)],
  ])("%s is no UTF-8", async (_, body) => {
    const problem = await problemOf(readText(post(body), 10));
    expect([problem.status, problem.message]).toEqual([400, expect.stringMatching(/not UTF-8/)]);
  });
});

describe("parseJson", () => {
  const refusalOf = (text: string) => {
    try {
      return parseJson(text);
    } catch (error) {
      return (error as Problem).type;
    }
  };
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const wide = (values: number) => `[${"0,".repeat(values - 1)}0]`;

  test("reads what there is reason to send, brackets and commas in strings included", () => {
    const text = JSON.stringify({ a: `${"[{".repeat(50)}\\"${",".repeat(200_000)}`, b: [{ c: "\\" }] });
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(refusalOf(deep(32))).toBeInstanceOf(Array);
    expect(refusalOf(wide(100_000))).toHaveLength(100_000);
  });

  test.each([
    ["nested deeper than anybody means", deep(33), "bad-request"],
    ["brackets without an end", "[".repeat(4_000_000), "bad-request"],
    ["one value too many", wide(100_001), "payload-too-large"],
    ["two million empty objects", `[${"{},".repeat(1_400_000)}{}]`, "payload-too-large"],
    ["a string without an end", `["${"\\".repeat(1_000)}`, "bad-request"],
  ])("%s is refused before it is made", (_, text, type) => {
    expect(refusalOf(text)).toBe(type);
  });
});

describe("queryOf", () => {
  test("a name is given once; a prototype's name is one like any other", () => {
    expect(queryOf(new URL("http://x/?a=1&b="))).toEqual({ a: "1", b: "" });
    expect(Object.keys(queryOf(new URL("http://x/?__proto__=1")))).toEqual(["__proto__"]);
    expect(() => queryOf(new URL("http://x/?a=1&b=2&%61=3"))).toThrow(/gives a name twice/);
  });

  test("tens of thousands of names are told apart", () => {
    const names = Array.from({ length: 50_000 }, (_, i) => i.toString(36));
    expect(Object.keys(queryOf(new URL(`http://x/?${names.join("&")}`)))).toHaveLength(50_000);
  });
});

describe("parseAs", () => {
  const shape = z.strictObject({ a: z.number(), b: z.strictObject({ c: z.string() }) });

  test("answers what fits", () => {
    expect(parseAs(shape, { a: 1, b: { c: "x" } }, "The thing")).toEqual({ a: 1, b: { c: "x" } });
  });

  test("tells every fault with its place", () => {
    try {
      parseAs(shape, { a: "1", b: { c: 2 }, d: 3 }, "The thing");
      expect.unreachable();
    } catch (error) {
      const problem = error as Problem;
      expect([problem.status, problem.message]).toEqual([400, expect.stringMatching(/^The thing is not/)]);
      expect(problem.more.faults).toEqual([
        expect.stringMatching(/^a: /),
        expect.stringMatching(/^b\.c: /),
        expect.stringMatching(/"d"/),
      ]);
    }
  });

  test("no JSON is a problem, and the text is not told back", () => {
    expect(() => parseJson('{"token": "fm2_secret"')).toThrow(
      /^The body is not JSON; check for a cut or a stray comma$/,
    );
  });
});
