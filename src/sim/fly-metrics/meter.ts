/**
 * What Fly measures of one machine, under Fly's names: the proxy counts its responses and their times, the machine
 * itself tells of CPU, memory and disk. Counters only grow; a proxy that restarts counts anew, under another `proxy_id`.
 *
 * The trap that this imitates: the proxy's counters outlive a stop of the machine, and are not shown while it is stopped.
 */
export type MeteredMachine = {
  readonly app: string;
  readonly region: string;
  /** The machine's id. */
  readonly instance: string;
  readonly host: string;
};

/** Upper bounds of the buckets, in seconds; the last one is +Inf. */
export const BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Which share of the requests took at most so long; all of them at most 2.5 s. */
const ORDINARY = [0.1, 0.3, 0.6, 0.8, 0.94, 0.98, 0.99, 1, 1, 1] as const;

export type Meter = {
  machine: MeteredMachine;
  proxyId: "blue" | "green";
  /** By status. */
  responses: Map<string, number>;
  /** Cumulative, by bound; the last one is +Inf. */
  buckets: number[];
  secondsSum: number;
  /** In hundredths of a second of one CPU. */
  cpu: { user: number; idle: number };
  concurrency: number;
  memoryShare: number;
  diskShare: number;
};

/** What a machine did in a stretch of time. */
export type Work = {
  readonly ms: number;
  readonly requests: number;
  /** Of them answered with 503. */
  readonly errors?: number | undefined;
  /** Busy share of its CPU. */
  readonly cpu?: number | undefined;
  readonly concurrency?: number | undefined;
};

export function createMeter(machine: MeteredMachine): Meter {
  return {
    machine,
    proxyId: "blue",
    responses: new Map(),
    buckets: new Array<number>(BOUNDS.length + 1).fill(0),
    secondsSum: 0,
    cpu: { user: 0, idle: 0 },
    concurrency: 0,
    memoryShare: 0.25,
    diskShare: 0.125,
  };
}

export function addWork(meter: Meter, { ms, requests, errors = 0, cpu = 0, concurrency = 0 }: Work): void {
  const count = (status: string, more: number) => {
    if (more > 0) meter.responses.set(status, (meter.responses.get(status) ?? 0) + more);
  };
  count("200", requests - errors);
  count("503", errors);
  meter.buckets = meter.buckets.map((sum, i) => sum + requests * (ORDINARY[i] ?? 1));
  meter.secondsSum += requests * 0.08;
  meter.cpu.user += (ms / 10) * cpu;
  meter.cpu.idle += (ms / 10) * (1 - cpu);
  meter.concurrency = concurrency;
}

/** The proxy begins anew, as after its own deploy: the other colour, from zero. */
export function restartProxy(meter: Meter): void {
  const { machine, cpu, concurrency, memoryShare, diskShare, proxyId } = meter;
  const other = proxyId === "blue" ? "green" : "blue";
  Object.assign(meter, createMeter(machine), { proxyId: other, cpu, concurrency, memoryShare, diskShare });
}

/** The same series from zero, as where a process counts and was restarted. */
export function resetCounters(meter: Meter): void {
  const { machine, proxyId, concurrency, memoryShare, diskShare } = meter;
  Object.assign(meter, createMeter(machine), { proxyId, concurrency, memoryShare, diskShare });
}
