// What a clone of a realistic machine is sent as, field by field, beside what `fly scale count` would send for it; and the table
// of docs/fly.md says the same.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFlyMachineApi } from "../../../src/adapters/fly/machine-api.ts";
import { TEMPLATE, TEMPLATE_VOLUME } from "./realistic-template.ts";

type Sent = { method: string; path: string; body: Record<string, unknown> | null };
const sent: Sent[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const text = Buffer.concat(chunks).toString();
    const body = text === "" ? null : JSON.parse(text);
    const path = request.url!.replace("/v1/apps/shop/", "");
    sent.push({ method: request.method!, path, body });
    response.end(JSON.stringify(answerTo(request.method!, path, body)));
  });
});

function answerTo(method: string, path: string, body: Record<string, unknown> | null): unknown {
  if (path === "volumes" && method === "GET") return [TEMPLATE_VOLUME];
  if (path === "volumes") return { ...TEMPLATE_VOLUME, ...body, id: "vol_new", attached_machine_id: null };
  if (method === "GET") return TEMPLATE;
  return { ...TEMPLATE, ...body, id: "90801234567890", state: "created" };
}

let config: Record<string, unknown>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = createFlyMachineApi({ baseUrl, tokens: "fm2_t", fetch, timeoutMs: 5_000 });
  await api.create("shop", { name: "fa-web-lhr-mc8w2o-1-0", region: "lhr", templateId: TEMPLATE.id });
  config = sent.at(-1)!.body!.config as Record<string, unknown>;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Fields of the configuration that differ from the template's; all others are equal. */
const CHANGED = ["image", "mounts"];

describe("a clone of a realistic machine", () => {
  it("is created in the region asked for, under our name, launched and routed at once", () => {
    expect(sent.at(-1)).toMatchObject({ method: "POST", path: "machines" });
    expect(Object.keys(sent.at(-1)!.body!).sort()).toEqual(["config", "name", "region"]);
    expect(sent.at(-1)!.body).toMatchObject({ name: "fa-web-lhr-mc8w2o-1-0", region: "lhr" });
  });

  it.each(Object.keys(TEMPLATE.config).filter((field) => !CHANGED.includes(field)))(
    "keeps %s as it is",
    (field) => {
      expect(config[field]).toEqual(TEMPLATE.config[field as keyof typeof TEMPLATE.config]);
    },
  );

  it("adds no field and drops none", () => {
    expect(Object.keys(config).sort()).toEqual(Object.keys(TEMPLATE.config).sort());
  });

  it("pins the image by its digest: the tag may have moved since", () => {
    expect(config.image).toBe(`${TEMPLATE.config.image}@${TEMPLATE.image_ref.digest}`);
  });

  it("mounts a volume of its own, made before it, like its template's but for the region", () => {
    expect(config.mounts).toEqual([{ ...TEMPLATE.config.mounts[0], volume: "vol_new" }]);
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET machines/${TEMPLATE.id}`,
      "GET volumes",
      "POST volumes",
      "POST machines",
    ]);
    expect(sent[2]!.body).toEqual({
      name: "data",
      region: "lhr",
      size_gb: 10,
      encrypted: true,
      fstype: "ext4",
      require_unique_zone: false,
      compute: TEMPLATE.config.guest,
    });
  });

  it("carries nothing that belongs to its template alone", () => {
    const text = JSON.stringify(sent.at(-1)!.body);
    for (const own of [
      TEMPLATE.id,
      TEMPLATE.name,
      TEMPLATE.private_ip,
      TEMPLATE.instance_id,
      TEMPLATE_VOLUME.id,
    ]) {
      expect(text).not.toContain(own);
    }
  });
});

describe("the table of docs/fly.md", () => {
  const docs = readFileSync(new URL("../../../docs/fly.md", import.meta.url), "utf8");

  it("names every metadata key and every field that a clone has or changes", () => {
    const rows = docs.split("\n").filter((line) => line.startsWith("| `"));
    const named = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, word]) => word),
    );
    const wanted = [
      ...Object.keys(TEMPLATE.config.metadata).filter((key) => key.startsWith("fly_")),
      ...CHANGED,
      "services",
      "checks",
      "env",
      "guest",
      "standbys",
    ];
    expect(wanted.filter((word) => !named.includes(word))).toEqual([]);
  });
});
