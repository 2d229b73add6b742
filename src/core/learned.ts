/**
 * Before a pool is decided: what was measured of its machines, in place of what its owner said of them, and only where
 * enough was. The decision then needs not know which of the two it plans with; its reason says it.
 */
import { type CapacityMemory, learnedRequests, learnNews } from "./capacity/capacity-memory.ts";
import { capacityModelOf, type Learned } from "./capacity/capacity-model.ts";
import { leaveWatch } from "./capacity/fleet-watch.ts";
import { describeLead } from "./capacity/lead-time.ts";
import { learnedLead } from "./capacity/learned-lead.ts";
import type { Decision } from "./decide.ts";
import { type Observation, partValue } from "./observation.ts";
import { SECOND_MS } from "./time.ts";

/** What outranks the policy, and what is known of the machines' capacity; each null where there is nothing. */
export function learnMachines(observation: Observation): {
  readonly learned: Learned | null;
  readonly memory: CapacityMemory | null;
} {
  const { boots, policy } = observation;
  const machines = partValue(observation.machines);
  const lead = learnedLead(boots ?? [], machines, policy.leadSeconds);
  const leadMs = lead === null ? null : Math.round(lead.p95Seconds * SECOND_MS);
  const model = capacityModelOf(policy, leadMs === null ? undefined : { leadMs, says: [] });
  const memory = memoryOf(observation, model.leadMs);
  const requests = memory && learnedRequests(memory, machines, model);
  if (lead === null && requests === null) return { learned: null, memory };
  const learned: Learned = {
    ...(leadMs !== null && { leadMs }),
    ...(requests && { requestsPerWorker: requests.requestsPerWorker }),
    says: [...(requests ? [requests.sentence] : []), ...(lead ? [describeLead(lead)] : [])],
  };
  return { learned, memory };
}

/** Only a fresh list tells what serves. */
function memoryOf(
  { capacity, machines, samples, cadenceMs, now }: Observation,
  leadMs: number,
): CapacityMemory | null {
  if (capacity === undefined) return null;
  const list = machines.status === "fresh" ? machines.value : null;
  return learnNews(capacity, list, { leadMs, cadenceMs, now }, partValue(samples)?.binMs);
}

/** The memory to carry on: the fleet as this decision leaves it is what the next tick should find. */
export function leaveMachines(
  { state, watch }: CapacityMemory,
  { machines, mode, policy, learned, now }: Observation,
  { from, to }: Decision,
): CapacityMemory {
  if (machines.status !== "fresh") return { state, watch };
  const { leadMs } = capacityModelOf(policy, learned);
  return { state, watch: leaveWatch(watch, machines.value, { leadMs, now }, mode === "act" ? to : from) };
}
