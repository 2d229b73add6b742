/**
 * The named traffic patterns a person can ask for, each a set of ingredients over a steady level.
 */
const INGREDIENTS_OF = {
  steady: [],
  daily: ["daily"],
  weekly: ["daily", "weekly"],
  growth: ["daily", "weekly", "growth"],
  "flash-crowd": ["daily", "weekly", "flash-crowd"],
  launch: ["daily", "weekly", "launch"],
  outage: ["daily", "weekly", "outage"],
  gaps: ["daily", "weekly", "gaps"],
  mixed: ["daily", "weekly", "growth", "flash-crowd", "launch", "outage", "gaps"],
} as const;

export type Pattern = keyof typeof INGREDIENTS_OF;
export type Ingredient = (typeof INGREDIENTS_OF)["mixed"][number];

export const PATTERNS = Object.keys(INGREDIENTS_OF) as readonly Pattern[];

/** Everything that the patterns bring together. */
export function ingredientsOf(patterns: readonly Pattern[]): ReadonlySet<Ingredient> {
  return new Set(patterns.flatMap((pattern) => [...INGREDIENTS_OF[pattern]]));
}

/** Reads a pattern's name, as typed on a command line. Throws RangeError that lists the names. */
export function parsePattern(text: string): Pattern {
  const found = PATTERNS.find((pattern) => pattern === text);
  if (!found)
    throw new RangeError(`There is no traffic pattern "${text}"; choose one of ${PATTERNS.join(", ")}.`);
  return found;
}
