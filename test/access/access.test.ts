/**
 * Who may do what, tried on everything there is. What there is comes from the catalog, so a table, view or function that a later
 * migration opens fails here without anybody having to think of it; what is meant to be open stands in the lists below.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { ROLES, type Role, type Routine, relations, routines, type Thing, useWorld } from "./world.ts";

/** Through both doors: nothing at all. service_role is Supabase's key for administration, and needs none of this. */
const OUTSIDERS = ["anon", "authenticated", "service_role"] as const;
/** What only the owner may call: it touches secrets, the schedule, the storage or other people's history. */
const OWNERS_ONLY =
  /^flyahead\.(vault_secret|send_tick|follow_up|install_schedule|remove_schedule|harvest_answers|import_|stage_import|load_import|refuse_import|match_import|forget_forecasts|keep_storage_|prune_|create_traffic_samples|available_storage_mode|create_token|rotate_token|revoke_token|replace_token_hash|new_token_word)/;
const READ_ONLY_FOR_SERVICE = [
  "api_tokens",
  "settings",
  "regions",
  "machine_rates",
  "traffic_5m",
  "traffic_1h",
  "traffic_1d",
  "scaling_1h",
  "scaling_1d",
  "prediction_scores",
];
const WRITES = ["insert", "update", "delete", "truncate"] as const;

const world = useWorld();
let things: (Thing & { kind: string })[];
let functions: Routine[];

beforeAll(async () => {
  things = await relations(world().owner);
  functions = await routines(world().owner);
});

const isView = ({ schema }: Thing) => schema === "flyahead_api";
const can = async (role: string, right: string, { schema, name }: Thing) => {
  const [row] = await world().owner`
    select has_schema_privilege(${role}, ${schema}, 'usage') and has_table_privilege(${role}, ${`${schema}.${name}`}, ${right}) as yes`;
  return row?.yes as boolean;
};
const canCall = async (role: string, oid: number) => {
  const [row] = await world().owner`select has_function_privilege(${role}, ${oid}::oid, 'execute') as yes`;
  return row?.yes as boolean;
};

describe("the rights in the catalog", () => {
  it("there is something to look at", () => {
    expect(things.filter(isView).length).toBeGreaterThanOrEqual(8);
    expect(things.length).toBeGreaterThan(25);
    expect(functions.length).toBeGreaterThan(40);
  });

  it.each(OUTSIDERS)("%s has no right to any schema, table, view, sequence or function", async (role) => {
    for (const schema of ["flyahead", "flyahead_api"]) {
      for (const right of ["usage", "create"]) {
        const [row] = await world().owner`select has_schema_privilege(${role}, ${schema}, ${right}) as yes`;
        expect(`${right} on ${schema}: ${row?.yes}`).toBe(`${right} on ${schema}: false`);
      }
    }
    for (const thing of things.filter(({ kind }) => kind !== "S")) {
      const [row] = await world().owner`
        select has_table_privilege(${role}, ${`${thing.schema}.${thing.name}`}, 'select, insert, update, delete, truncate, references, trigger') as yes`;
      expect(`${thing.name}: ${row?.yes}`).toBe(`${thing.name}: false`);
    }
  });

  it("no function is open to everyone", async () => {
    const open = await world().owner`
      select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      where n.nspname in ('flyahead', 'flyahead_api') and a.grantee = 0`;
    expect([...open]).toEqual([]);
  });

  it("a function that runs as its owner has its search_path fixed, with pg_temp last", () => {
    const loose = functions.filter(
      ({ definer, settings }) => definer && !/search_path=pg_catalog, pg_temp/.test(settings),
    );
    expect(loose.map(({ signature }) => signature)).toEqual([]);
  });

  it("the operator may read every view, call every function beside them, and nothing else", async () => {
    for (const thing of things.filter(({ kind }) => kind !== "S")) {
      expect(`${thing.name}: ${await can("flyahead_operator", "select", thing)}`).toBe(
        `${thing.name}: ${isView(thing)}`,
      );
      for (const right of WRITES)
        expect(`${right} ${thing.name}: ${await can("flyahead_operator", right, thing)}`).toBe(
          `${right} ${thing.name}: false`,
        );
    }
    for (const { schema, oid, signature } of functions.filter(isView)) {
      expect(`${schema} ${signature}: ${await canCall("flyahead_operator", oid)}`).toBe(
        `${schema} ${signature}: true`,
      );
    }
  });

  it("the functions' role may read what is there, and not write what is not its own", async () => {
    for (const thing of things.filter(
      ({ kind, schema, name }) =>
        kind !== "S" && schema === "flyahead" && READ_ONLY_FOR_SERVICE.includes(name),
    )) {
      expect(`${thing.name}: ${await can("flyahead_service", "select", thing)}`).toBe(`${thing.name}: true`);
      for (const right of WRITES)
        expect(`${right} ${thing.name}: ${await can("flyahead_service", right, thing)}`).toBe(
          `${right} ${thing.name}: false`,
        );
    }
    for (const thing of things.filter(({ kind }) => kind !== "S")) {
      expect(`truncate ${thing.name}: ${await can("flyahead_service", "truncate", thing)}`).toBe(
        `truncate ${thing.name}: false`,
      );
    }
  });

  it("what is the owner's alone, the functions' role cannot call", async () => {
    const owners = functions.filter(({ signature }) => OWNERS_ONLY.test(signature));
    expect(owners.length).toBeGreaterThan(10);
    for (const { oid, signature } of owners) {
      expect(`${signature}: ${await canCall("flyahead_service", oid)}`).toBe(`${signature}: false`);
    }
  });
});

describe("plain SQL", () => {
  it.each(ROLES.filter((role) => role !== "flyahead_service"))(
    "%s cannot read or write one table",
    async (role) => {
      for (const { schema, name, kind } of things.filter((thing) => !isView(thing) && thing.kind !== "S")) {
        for (const statement of [`select * from ${schema}.${name}`, `delete from ${schema}.${name}`]) {
          await expect(world().as(role, statement), `${role}: ${statement} (${kind})`).rejects.toThrow(
            /permission denied/,
          );
        }
      }
    },
  );

  it("the operator gets an answer from every view and from every function beside them", async () => {
    for (const { name } of things.filter(isView))
      await world().as("flyahead_operator", `select * from flyahead_api.${name} limit 1`);
    await world().as(
      "flyahead_operator",
      "select * from flyahead_api.traffic('shop', now() - interval '1 day')",
    );
    await world().as("flyahead_operator", "select * from flyahead_api.historical_matches(1)");
    await expect(
      world().as("flyahead_operator", "update flyahead_api.open_intents set action = 'stop'"),
    ).rejects.toThrow(/permission denied|cannot update view/);
  });

  it("no view shows a token's hash or a state's inside", async () => {
    const columns = await world().owner`
      select table_name, column_name from information_schema.columns where table_schema = 'flyahead_api' and column_name ~ 'hash|token|secret|hot|cold'`;
    expect([...columns]).toEqual([]);
  });

  it("an object of one's own in front of ours deceives no function", async () => {
    const trap = `
      create temp table settings (name text, value text);
      insert into settings values ('simulated_now', '1999-01-01');
      create function pg_temp.clock_timestamp() returns timestamptz language sql as $f$ select timestamptz '1999-01-01' $f$;
      set local search_path = pg_temp, flyahead, pg_catalog;
      select flyahead.now() > '2020-01-01' as honest`;
    const answers = (await world().as("flyahead_service", trap)) as { honest?: boolean }[][];
    expect(answers.at(-1)?.[0]?.honest).toBe(true);
  });
});

describe("the Data API", () => {
  const attempts = (role: Role, name: string) => {
    const client = world().client(role);
    return [
      client.from(name).select("*").limit(1),
      client.from(name).insert({}),
      client.from(name).delete().not("app", "is", null),
    ];
  };

  it.each(OUTSIDERS)("%s gets nothing out of it and nothing into it", async (role) => {
    for (const { name } of things) {
      for (const attempt of attempts(role, name)) {
        const { data, error } = await attempt;
        expect(`${name}: ${JSON.stringify(data)} ${error === null}`).toBe(`${name}: null false`);
      }
    }
    const called = await world().client(role).rpc("traffic", { app: "shop", since: "2026-01-01" });
    expect(called.error).not.toBeNull();
  });

  it("a signed-in operator reads every view, and writes none", async () => {
    for (const { name } of things.filter(isView)) {
      const [read, ...writes] = attempts("flyahead_operator", name);
      const { data, error } = await read!;
      expect(error, name).toBeNull();
      expect(data, name).toBeInstanceOf(Array);
      for (const write of writes) expect((await write).error, name).not.toBeNull();
    }
    const traffic = await world()
      .client("flyahead_operator")
      .rpc("traffic", { app: "shop", since: "2026-01-01" });
    expect(traffic).toMatchObject({ error: null, data: [] });
  });

  it("the tables' schema is not exposed, not even to the operator", async () => {
    for (const name of ["api_tokens", "worker_regions", "traffic_samples"]) {
      const { error } = await world().client("flyahead_operator", "flyahead").from(name).select("*");
      expect(error?.message).toMatch(/schema must be one of/i);
    }
  });

  it("no token may speak for the functions' role or the owner, and a forged one for nobody", async () => {
    for (const role of ["flyahead_service", "postgres"] as Role[]) {
      const { error } = await world().client(role).from("region_status").select("*");
      expect(error?.message).toMatch(/permission denied to set role/);
    }
    const forged = await fetch(`${world().rest.url}/rest/v1/region_status`, {
      headers: {
        authorization: `Bearer ${world().rest.tokenFor("flyahead_operator").slice(0, -3)}AAA`,
        "accept-profile": "flyahead_api",
      },
    });
    expect(forged.status).toBe(401);
  });
});
