/**
 * What no brake on growth may hold back: the machines that are needed at this moment, and where a shortage is sure to come
 * before the machines of the next tick could serve, all that is wanted. "Severe and sure: at once."
 */
import type { Policy } from "../policy.ts";
import type { Situation } from "./constraint.ts";

/** As many machines must stay allowed. */
export function urgentWorkers(policy: Policy, { needNow, severity, confidence, to }: Situation): number {
  const isSevere = severity === "critical" || severity === "high";
  return isSevere && isSure(policy, confidence) ? Math.max(to, needNow ?? 0) : (needNow ?? 0);
}

/** Whom nobody asked how sure he is counts as sure. */
export function isSure({ lowConfidence }: Policy, confidence: number | null): boolean {
  return confidence === null || confidence >= lowConfidence;
}
