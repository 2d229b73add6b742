/**
 * Where a tick can be struck: every call that it makes, step by step, by the door that the call goes through and by the port
 * that makes it; and steps 4 to 7, which call nobody, by the function that is the step.
 */
export type DoorName = "fly" | "redis" | "postgres" | "heartbeat";
export type Direction = "grow" | "shrink";
export type InsideStep = 4 | 5 | 6 | 7;

export type Place = {
  readonly step: number;
  readonly name: string;
  readonly door: DoorName;
  /** Of the calls through that door. */
  readonly call: RegExp;
  /** The method that throws; absent where no port of the tick makes the call alone. */
  readonly port?: string;
  /** Absent: in both. */
  readonly only?: Direction;
};

const machine = "/v1/apps/[^/]+/machines/[^/]+";

export const PLACES: readonly Place[] = [
  { step: 1, name: "breakers are loaded", door: "redis", call: /"hgetall","flyahead:breakers"/i },
  {
    step: 1,
    name: "the token is looked up",
    door: "postgres",
    call: /flyahead\.api_tokens/,
    port: "tokens.find",
  },
  { step: 2, name: "the lock", door: "redis", call: /"set","flyahead:tick:/i, port: "lock.acquire" },
  { step: 2, name: "the lease", door: "postgres", call: /flyahead\.acquire_lease/, port: "leases.acquire" },
  { step: 3, name: "the books", door: "postgres", call: /flyahead\.recall_pools/, port: "history.recall" },
  {
    step: 3,
    name: "Fly's list",
    door: "fly",
    call: /^GET \/v1\/apps\/[^/]+\/machines[? ]/,
    port: "machineApi.list",
  },
  {
    step: 3,
    name: "samples",
    door: "postgres",
    call: /from flyahead\.traffic_samples s/,
    port: "samples.readSeries",
  },
  { step: 8, name: "intents", door: "postgres", call: /flyahead\.open_tick/, port: "history.openTick" },
  { step: 8, name: "the plan is published", door: "redis", call: /flyahead:cache:/, port: "cache.set" },
  { step: 9, name: "a token of our limit", door: "redis", call: /flyahead:calls:/ },
  {
    step: 9,
    name: "a start",
    door: "fly",
    call: new RegExp(`^POST ${machine}/start `),
    port: "machineApi.start",
    only: "grow",
  },
  { step: 9, name: "a create's template", door: "fly", call: new RegExp(`^GET ${machine} `), only: "grow" },
  {
    step: 9,
    name: "a create",
    door: "fly",
    call: /^POST \/v1\/apps\/[^/]+\/machines /,
    port: "machineApi.create",
    only: "grow",
  },
  {
    step: 9,
    name: "the fence, read again",
    door: "postgres",
    call: /flyahead\.is_lease_held/,
    port: "leases.isHeld",
    only: "shrink",
  },
  { step: 9, name: "a stop's machine", door: "fly", call: new RegExp(`^GET ${machine} `), only: "shrink" },
  {
    step: 9,
    name: "a machine's lease",
    door: "fly",
    call: new RegExp(`^POST ${machine}/lease `),
    only: "shrink",
  },
  {
    step: 9,
    name: "a stop",
    door: "fly",
    call: new RegExp(`^POST ${machine}/stop `),
    port: "machineApi.stop",
    only: "shrink",
  },
  {
    step: 9,
    name: "a machine's lease back",
    door: "fly",
    call: new RegExp(`^DELETE ${machine}/lease `),
    only: "shrink",
  },
  { step: 10, name: "outcomes", door: "postgres", call: /flyahead\.close_tick/, port: "history.closeTick" },
  {
    step: 10,
    name: "the lock back",
    door: "redis",
    call: /"eval",.*"flyahead:tick:/is,
    port: "lock.release",
  },
  { step: 10, name: "the heartbeat", door: "heartbeat", call: /^GET \/beat/, port: "notifier.heartbeat" },
  { step: 10, name: "breakers are saved", door: "redis", call: /"eval",.*"flyahead:breakers/is },
];

export const INSIDE: readonly { readonly step: InsideStep | 1; readonly name: string }[] = [
  { step: 1, name: "the slot" },
  { step: 4, name: "forecast" },
  { step: 5, name: "plan" },
  { step: 6, name: "decide" },
  { step: 7, name: "choose machines" },
];
