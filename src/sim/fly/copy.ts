/**
 * A deep copy of a JSON value. A list of thirty machines copies thirty configurations on every tick of a simulated year;
 * structuredClone, made for any value, takes seven times as long for these.
 */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyJson) as T;
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyJson((value as Record<string, unknown>)[key]);
  return copy as T;
}
