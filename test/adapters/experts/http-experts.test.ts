// The HTTP form against a real server on loopback: the contract, then everything that a service can do wrong.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHttpExperts } from "../../../src/adapters/experts/http-experts.ts";
import { messageOf } from "../../../src/errors.ts";
import { curvesOf, describeExperts, expertRequest, type Script, sound } from "../../contracts/experts.ts";
import { NOW } from "../../core/examples.ts";

const TOKEN = "expert-token-that-nobody-may-read";
const PATH = "/forecast/path-with-a-key";

type Asked = {
  method: string | undefined;
  headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: a request as it came, looked into by tests
  body: any;
};
type Answer = (asked: Asked, response: ServerResponse) => void;

let server: Server;
let url: string;
let answer: Answer;
let asked: Asked[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      const one = { method: request.method, headers: request.headers, body: JSON.parse(text) };
      asked.push(one);
      try {
        answer(one, response);
      } catch (error) {
        response.writeHead(500).end(messageOf(error));
      }
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  answer = scripted(sound);
});

const experts = (deadlineMs = 5_000, token: string | null = TOKEN) =>
  createHttpExperts({ url, token, deadlineMs, fetch });

/** A service that keeps to the form. */
function scripted(say: Script): Answer {
  return ({ body }, response) => {
    const pools = body.pools.flatMap((pool: { region: string; processGroup: string }) => {
      const said = say(pool);
      return said === null ? [] : [{ region: pool.region, processGroup: pool.processGroup, ...said }];
    });
    response.end(JSON.stringify({ version: 1, name: "oracle", model: "o-1", pools }));
  };
}

describeExperts("http", async () => ({
  experts: experts(),
  script: (say) => {
    answer = scripted(say);
  },
}));

describe("the question", () => {
  it("is one POST of version 1 for all pools, with gaps as null, and the token as a bearer", async () => {
    await experts().ask(expertRequest());
    expect(asked).toHaveLength(1);
    const { method, headers, body } = asked[0]!;
    expect([method, headers.authorization, headers["content-type"]]).toEqual([
      "POST",
      `Bearer ${TOKEN}`,
      "application/json",
    ]);
    const { pools, ...rest } = expertRequest();
    expect(body).toEqual({
      ...rest,
      version: 1,
      pools: pools.map(({ pool, timeZone, recent }) => ({
        region: pool.region,
        processGroup: "web",
        timeZone,
        start: recent.start,
        values: [5, null, 7],
      })),
    });
  });

  it("has no token where none is set", async () => {
    await experts(5_000, null).ask(expertRequest());
    expect(asked[0]!.headers.authorization).toBeUndefined();
  });
});

/** The reasons for both pools; neither address nor token nor words of the answer may be in them. */
async function whyNot(deadlineMs?: number): Promise<string> {
  const answers = await experts(deadlineMs).ask(expertRequest());
  const reasons = answers.map((one) => (one.status === "missing" ? one.why : "answered"));
  expect(reasons).toHaveLength(2);
  expect(reasons.join()).not.toMatch(/path-with-a-key|expert-token|leaked|127\.0\.0\.1/);
  return reasons[0]!;
}

describe("a service that fails is missing, with the reason", () => {
  const body = (text: string): Answer => {
    return (_, response) => void response.end(text);
  };
  const pools = [{ region: "fra", processGroup: "web", madeAt: NOW, start: NOW, load: curvesOf("fra") }];
  const frame = (changes: object) =>
    body(JSON.stringify({ version: 1, name: "oracle", model: "o-1", pools, ...changes }));
  const pool = (changes: object) => frame({ pools: [{ ...pools[0], ...changes }] });

  it.each<[string, Answer, RegExp]>([
    ["500", (_, response) => void response.writeHead(500).end("leaked stack"), /answered 500 instead of 200/],
    ["401", (_, response) => void response.writeHead(401).end(`leaked ${TOKEN}`), /answered 401/],
    ["a redirect", (_, response) => void response.writeHead(302, { location: "/x" }).end(), /answered 302/],
    ["an empty answer", body(""), /the body is not as version 1/],
    ["a page", body("<html>leaked</html>"), /the body is not as version 1/],
    ["half of an answer", body('{"version":1,"name":"oracle","po'), /the body is not as version 1/],
    ["another version", frame({ version: 2 }), /version is not as version 1/],
    ["no name", frame({ name: undefined }), /name is not/],
    ["a name of ours", frame({ name: "flyahead" }), /name is not/],
    ["a name like a story", frame({ name: "leaked; drop table" }), /name is not/],
    ["pools that are no list", frame({ pools: {} }), /pools is not/],
    ["other pools", pool({ region: "syd" }), /said nothing of this pool/],
    ["a pool that is no pool", frame({ pools: ["leaked"] }), /said nothing of this pool/],
    ["loads as words", pool({ load: [["leaked"], ["b"], ["c"]] }), /load\.0\.0 is not as the form/],
    ["a load of null", pool({ load: [[1], [null], [2]] }), /load\.1\.0 is not/],
    ["a load beyond all", pool({ load: [[1], [2], [1e300]] }), /load\.2\.0 is not/],
    ["no bins", pool({ load: [[], [], []] }), /load\.0 is not/],
    ["too many bins", pool({ load: [1, 2, 3].map((q) => new Array(2_017).fill(q)) }), /load\.0 is not/],
    ["a curve too few", pool({ load: curvesOf("fra").slice(1) }), /not 3 curves of one length/],
    ["curves of two lengths", pool({ load: [[1], [1, 2], [1]] }), /not 3 curves of one length/],
    ["a start off the grid", pool({ start: NOW + 1 }), /start is not a multiple/],
    ["made tomorrow", pool({ madeAt: NOW + 86_400_000 }), /madeAt is in the future/],
    ["made at no time", pool({ madeAt: "leaked" }), /madeAt is not/],
    [
      "a cut connection",
      (_, response) => void response.writeHead(200).socket?.destroy(),
      /connection failed/,
    ],
    [
      "a body cut off",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" }).write('{"version":1');
        setTimeout(() => response.socket?.destroy(), 20);
      },
      /connection failed/,
    ],
    ["a huge body", body(`"${"x".repeat(400_000)}"`), /longer than \d+ bytes/],
  ])("%s", async (_, given, reason) => {
    answer = given;
    const why = await whyNot();
    expect(why).toMatch(reason);
    expect(why).toMatch(/^Asked the outside expert about app shop: .* Next: /);
  });

  it("one that never answers, after the deadline", async () => {
    answer = () => {};
    expect(await whyNot(60)).toMatch(/no answer within 60 ms/);
  });

  it("one that dribbles past the deadline", async () => {
    answer = (_, response) => void response.writeHead(200).write('{"version":1,');
    expect(await whyNot(60)).toMatch(/no answer within 60 ms/);
  });

  it("one that is not there", async () => {
    const gone = createHttpExperts({
      url: "http://127.0.0.1:1/x",
      token: TOKEN,
      deadlineMs: 2_000,
      fetch,
    });
    const [first] = await gone.ask(expertRequest());
    expect(first).toMatchObject({ status: "missing", why: expect.stringMatching(/connection failed/) });
  });

  it("one pool that is wrong leaves the other right", async () => {
    answer = scripted((pool) => (pool.region === "fra" ? { ...sound(pool)!, load: [] } : sound(pool)));
    const answers = await experts().ask(expertRequest());
    expect(answers).toMatchObject([{ status: "missing" }, { status: "answered" }]);
  });
});

it("forgives loads below zero and quantiles that cross", async () => {
  answer = scripted(() => ({
    madeAt: NOW,
    start: NOW,
    load: [
      [-5, 9],
      [3, 7],
      [1, 8],
    ],
  }));
  const [first] = await experts().ask(expertRequest(["fra"]));
  expect(first).toMatchObject({
    forecast: {
      load: [
        [0, 7],
        [1, 8],
        [3, 9],
      ],
    },
  });
});
