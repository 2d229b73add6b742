/**
 * The fields of Fly's answers that flyahead uses, and no others. Nearly everything is optional in Fly's own
 * description, and what it adds next year must not stop a tick: a side field of a wrong type reads as absent. Only
 * what a machine cannot be handled without (id, state, region) has to be right, for one machine read wrongly is a
 * pool counted wrongly.
 */
import { z } from "zod";

const text = z.string().nullish().catch(null);
/** Passed through whole when a machine is cloned. */
const config = z.record(z.string(), z.unknown()).nullish();

const check = z.object({ status: text, updated_at: text });
const event = z.object({
  type: text,
  source: text,
  status: text,
  timestamp: z.number().nullish().catch(null),
});

export const machineShape = z
  .object({
    id: z.string().min(1),
    name: z.string().catch(""),
    state: z.string(),
    region: z.string(),
    cordoned: z.boolean().nullish().catch(null),
    /** Both spellings of what `current_version` of an update is compared with. */
    version: text,
    instance_id: text,
    host_status: text,
    created_at: text,
    config,
    /** What is known of the configuration while the host does not answer. */
    incomplete_config: config.catch(null),
    image_ref: z.object({ registry: text, repository: text, tag: text, digest: text }).nullish().catch(null),
    checks: z.array(check).nullish().catch(null),
    events: z.array(event).nullish().catch(null),
  })
  .transform(({ version, instance_id, ...machine }) => ({
    ...machine,
    version: version ?? instance_id ?? null,
  }));
export type FlyMachine = z.infer<typeof machineShape>;

/** Within the configuration; half a size is none. */
export const guestShape = z.object({
  cpu_kind: z.string(),
  cpus: z.int().positive(),
  memory_mb: z.int().positive(),
  gpu_kind: text,
});
/** Within the configuration. */
export const initShape = z.object({ swap_size_mb: z.number().nullish().catch(null) });

/** Within the configuration. Fly takes autostop as a word and answers booleans for "off" and "stop". */
export const serviceShape = z.object({
  autostop: z
    .union([z.enum(["off", "stop", "suspend"]), z.boolean().transform((on) => (on ? "stop" : "off"))])
    .nullish()
    .catch(null),
  autostart: z.boolean().nullish().catch(null),
  min_machines_running: z.number().nullish().catch(null),
  concurrency: z
    .object({ soft_limit: z.int().positive().nullish().catch(null) })
    .nullish()
    .catch(null),
});

export const machineListShape = z.array(machineShape);
export const startedShape = z.object({ previous_state: text });
export const stoppedShape = z.object({ ok: z.literal(true).nullish() });

/** Most refusals carry `error`, those about leases `message`; `status` is a code or, with leases, the word "error". */
const refusalShape = z.object({
  error: text,
  message: text,
  status: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .catch(null),
});

/** Fly's code and words, as far as the body holds any. */
export function readRefusal(body: string): { code: string; text: string } {
  const parsed = refusalShape.safeParse(parseJson(body));
  if (!parsed.success) return { code: "", text: body };
  const { error, message, status } = parsed.data;
  return { code: status ?? "", text: error ?? message ?? body };
}

/** undefined where the text is no JSON. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
