/** Shapes that several answers share, as their descriptions show them. Instants are texts in ISO 8601, UTC. */
import { z } from "zod";
import { MODES } from "../core/policy.ts";

export const instant = z.iso.datetime().describe("ISO 8601, UTC");
export const mode = z
  .enum(MODES)
  .describe("observe: recorded only; advise: told what would be done; act: done");
export const decisionKind = z.enum(["hold", "grow", "shrink"]);
export const actionKind = z.enum(["start", "stop", "suspend", "cordon", "uncordon", "create", "destroy"]);
export const outcomeStatus = z.enum(["done", "alreadyDone", "refused", "failed", "unknown"]);
export const poolKey = z.object({ app: z.string(), region: z.string(), processGroup: z.string() });
export const confidence = z.number().min(0).max(1).nullable();
/** A whole number in a query: digits alone, so that what is empty, a fraction or hexadecimal is a fault and no surprise. */
export const wholeNumber = (least: number, most: number, usual: number) =>
  z
    .preprocess(
      (text) => (/^[0-9]{1,9}$/.test(String(text)) ? Number(text) : text),
      // The inner default is the one that is described, the outer one the one that is taken.
      z.int().min(least).max(most).default(usual),
    )
    .default(usual);
const count = z.int().min(0);
/** Machines. */
export const machines = count;
export const machinesNeeded = count.nullable().describe("null: not known");
export const load = z.number().min(0).describe("requests a minute");
