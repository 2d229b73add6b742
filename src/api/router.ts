/**
 * From a request to its endpoint. The platform may leave the function's name in the path or take it off, so both
 * "/status/pools" and "/pools" are the endpoint "/pools".
 */
import { TrieRouter } from "hono/router/trie-router";
import { Problem } from "./problem.ts";
import type { Endpoint } from "./route.ts";

export type Match = { readonly endpoint: Endpoint; readonly params: Readonly<Record<string, string>> };
/** @throws Problem 404 where there is no such path, 405 with Allow where there is, for other methods; 400 without a path. */
export type Router = (request: Request) => Match;

export function createRouter(slug: string, endpoints: readonly Endpoint[]): Router {
  const router = new TrieRouter<Endpoint>();
  for (const one of endpoints) router.add(one.route.method, one.route.path, one);
  const methods = [...new Set<string>(endpoints.map(({ route }) => route.method))];

  const find = (method: string, path: string): Match | undefined => {
    // A method is any word, also that of a part which every object has; the router would look that up.
    if (!methods.includes(method)) return undefined;
    const [found] = router.match(method, path)[0];
    if (found === undefined) return undefined;
    const [endpoint, params] = found as [Endpoint, Record<string, string>];
    return { endpoint, params };
  };
  return ({ url, method }) => {
    // "OPTIONS *" is a request without a path.
    if (!URL.canParse(url)) throw new Problem("bad-request", "The request names no path; send one");
    const path = pathBelow(slug, new URL(url).pathname);
    const match = find(method, path);
    if (match !== undefined) return match;
    const allowed = methods.filter((other) => find(other, path) !== undefined).join(", ");
    if (allowed === "")
      throw new Problem("not-found", `There is nothing here; ${slug} has ${pathsOf(slug, endpoints)}`);
    throw new Problem("method-not-allowed", `This takes ${allowed}; send one of these`, {
      headers: { allow: allowed },
    });
  };
}

function pathBelow(slug: string, pathname: string): string {
  const own = `/${slug}`;
  const path = pathname === own || pathname.startsWith(`${own}/`) ? pathname.slice(own.length) : pathname;
  return path.replace(/\/$/, "") || "/";
}

function pathsOf(slug: string, endpoints: readonly Endpoint[]): string {
  const paths = endpoints.map(({ route }) => `/${slug}${route.path === "/" ? "" : route.path}`);
  return [...new Set(paths)].join(", ");
}
