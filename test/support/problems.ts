/** What every refusal of a function must be: problem+json with a request id, and nothing internal in it. */
import { expect } from "vitest";
import type { Lab, TickReply } from "./installation.ts";

/** Expects a problem of this type, and answers its body. */
// biome-ignore lint/suspicious/noExplicitAny: an answer as it came, looked into by tests
export function expectProblem(lab: Lab, reply: TickReply, status: number, type: string): any {
  const text = JSON.stringify(reply.body);
  expect(reply.status, text).toBe(status);
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  expect(reply.body).toMatchObject({ type: `urn:flyahead:problem:${type}`, status });
  expect(reply.body.title).toMatch(/^[A-Z]/);
  expect(reply.body.requestId).toBe(reply.headers.get("x-request-id"));
  expectNothingInternal(lab, text);
  return reply.body;
}

export function expectNothingInternal(lab: Lab, text: string): void {
  const secrets = ["FLY_API_TOKEN", "REDIS_TOKEN", "DATABASE_URL", "REDIS_URL"].map((name) => lab.env[name]!);
  const password = new URL(lab.env.DATABASE_URL!).password;
  for (const secret of [...secrets, password, lab.token]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(
    /node_modules|file:\/\/|\.ts:\d|ECONNREFUSED|PostgresError|select |insert into|flyahead_functions/i,
  );
}
