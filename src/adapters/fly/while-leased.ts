/**
 * Work on a machine while its lease is ours: taken, used, given back in every path.
 *
 *   take ──▶ work (with the nonce) ──▶ give back, whether the work was done, refused, or nobody knows
 *
 * A process that dies in between, or whose giving back is lost, leaves a lease that runs out by itself within seconds. The
 * trap is the answer to taking it that got lost: the lease may be ours, but without its nonce it is of no use, so nothing
 * is done until it has run out.
 */
import { isMachineApiError } from "../../errors.ts";
import { failed } from "./fly-error.ts";
import type { LeaseCalls } from "./lease-calls.ts";

/** Read by who finds it held. */
const DESCRIPTION = "flyahead changes this machine; held for seconds";

export async function whileLeased<T>(
  leases: LeaseCalls,
  on: { readonly app: string; readonly id: string; readonly task: string; readonly ttlSeconds: number },
  work: (nonce: string) => Promise<T>,
): Promise<T> {
  const { app, id } = on;
  const { nonce } = await take(leases, on);
  try {
    return await work(nonce);
  } finally {
    // The work's own answer counts; the lease ends by itself.
    await leases.release(app, id, nonce).catch(() => undefined);
  }
}

async function take(
  leases: LeaseCalls,
  { app, id, task, ttlSeconds }: { app: string; id: string; task: string; ttlSeconds: number },
) {
  try {
    return await leases.acquire(app, id, { ttlSeconds, description: DESCRIPTION });
  } catch (error) {
    if (!isMachineApiError(error) || error.kind !== "ambiguous") throw error;
    const why = `its lease may have been taken in vain, for ${ttlSeconds} s (${error.message})`;
    throw failed("transient", { task }, why, { requestId: error.requestId, cause: error });
  }
}
