/**
 * For the tests of scripts: one real installation with the pools shop/web in iad and fra, its simulated clock at the
 * present, and the scripts run against it as a person runs them, with the kept stack in a file of the test's own.
 */
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { floorTo, type Instant, MINUTE_MS } from "../../src/core/time.ts";
import { type Installation, startInstallation } from "../../src/local/installation.ts";
import { makeTempFolder } from "../../src/local/temp-folder.ts";

const PROJECT = resolve(import.meta.dirname, "../..");

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Told all of stderr so far, each time that there is more of it; may end the process. */
  readonly onStderr?: (soFar: string, kill: (signal: NodeJS.Signals) => void) => void;
};
export type RunScript = (script: string, args: readonly string[], options?: RunOptions) => Promise<Ended>;
export type Installed = {
  readonly installation: Installation;
  /** With the kept stack's file at hand. */
  readonly run: RunScript;
  /** As on a machine where nothing is kept. */
  readonly runAlone: RunScript;
  close(): Promise<void>;
};

/** Not spawnSync: the simulated Fly lives in this very process and has to answer meanwhile. */
export function runScript(script: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { DATABASE_URL: _1, FLYAHEAD_URL: _2, FLYAHEAD_TOKEN: _3, ...own } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", `scripts/${script}`, ...args], {
    cwd: PROJECT,
    env: { ...own, FLYAHEAD_STACK: join(PROJECT, "there-is-no-such-file"), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
    options.onStderr?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (status) => done({ status, stdout, stderr }));
  });
}

export async function installed(): Promise<Installed> {
  const folder = makeTempFolder();
  const installation = await startInstallation({
    fly: {
      seed: "scripts",
      start: floorTo(Date.now(), MINUTE_MS),
      apps: [
        {
          name: "shop",
          machines: [
            { region: "iad", processGroup: "web", count: 2 },
            { region: "fra", processGroup: "web", count: 1 },
            { region: "fra", processGroup: "web", count: 2, state: "stopped" },
          ],
        },
      ],
    },
    signals: false,
  });
  await discoverPools(installation);
  const { stack, flyUrl, token } = installation;
  const file = join(folder.path, "stack.json");
  const kept = { databaseUrl: stack.postgres.adminUrl, functionsUrl: stack.functionsUrl, flyUrl, token };
  writeFileSync(file, JSON.stringify(kept));
  return {
    installation,
    run: (script, args, options = {}) =>
      runScript(script, args, { ...options, env: { FLYAHEAD_STACK: file, ...options.env } }),
    runAlone: runScript,
    async close() {
      await installation.close();
      rmSync(file, { force: true });
      folder.remove();
    },
  };
}

/** Pools are found by the first tick; their owner says act. */
async function discoverPools({ call, sql }: Installation): Promise<void> {
  const answer = await call("auto-scaling", { method: "POST", body: JSON.stringify({ mode: "observe" }) });
  if (!answer.ok) throw new Error(`The first tick was answered ${answer.status}: ${await answer.text()}`);
  await sql`update flyahead.worker_regions set mode = 'act'`;
}

/** What is stored of a pool, in its order. */
export async function storedSamples(
  { sql }: Installation,
  region: string,
): Promise<{ at: Instant; requests: number }[]> {
  return sql<{ at: Instant; requests: number }[]>`
    select flyahead.epoch_ms(at) as at, requests from flyahead.traffic_samples s
    join flyahead.worker_regions w on w.id = s.pool_id where w.region = ${region} order by at`;
}
