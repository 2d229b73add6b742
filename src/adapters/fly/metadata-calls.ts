/**
 * A machine's metadata: small texts that change without a restart, and without the machine's lease.
 *
 * The trap: process group and release live here, so a write can take a machine out of its pool, and out of the next deploy.
 */
import { z } from "zod";
import type { FlyCall, FlyCaller } from "./call.ts";

export type MetadataCalls = ReturnType<typeof createMetadataCalls>;

const allShape = z.record(z.string(), z.string().nullish().catch(null)).transform(withoutNulls);

export function createMetadataCalls(call: FlyCaller) {
  const of = (
    app: string,
    id: string,
    verb: string,
    key?: string,
  ): Pick<FlyCall, "app" | "task" | "path"> => {
    const task = `${verb} ${key === undefined ? "the metadata" : `metadata ${key}`} of machine ${id} of app ${app}`;
    const path = ["apps", app, "machines", id, "metadata", ...(key === undefined ? [] : [key])];
    return { app, task, path };
  };

  return {
    get: (app: string, id: string): Promise<Record<string, string>> =>
      call({ ...of(app, id, "read"), phase: "read", method: "GET" }, allShape),

    /** Sets the keys that are named, and removes those that are null; `versionMoved` where the machine is no longer at `version`. */
    async merge(
      app: string,
      id: string,
      changes: Readonly<Record<string, string | null>>,
      version?: string,
    ): Promise<void> {
      const body = { metadata: changes, ...(version === undefined ? {} : { machine_version: version }) };
      await call({ ...of(app, id, "change"), phase: "write", method: "PATCH", body }, z.unknown());
    },

    async set(app: string, id: string, key: string, value: string): Promise<void> {
      const body = { value };
      await call({ ...of(app, id, "set", key), phase: "write", method: "POST", body }, z.unknown());
    },

    async remove(app: string, id: string, key: string): Promise<void> {
      await call({ ...of(app, id, "remove", key), phase: "write", method: "DELETE" }, z.unknown());
    },
  };
}

function withoutNulls(values: Record<string, string | null | undefined>): Record<string, string> {
  const told = Object.entries(values).filter((entry): entry is [string, string] => entry[1] != null);
  return Object.fromEntries(told);
}
