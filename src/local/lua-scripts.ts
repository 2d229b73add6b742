// Upstash understands `#!lua flags=allow-key-locking` and bills a script as one command plus one per call inside it.
// Other Redis servers refuse that flag and count nothing, so the bridge rewrites scripts on their way in: the
// shebang goes, and the body is wrapped so that it answers {calls, result}. Line numbers in errors stay right, as the wrapper
// shares the script's first line. The trap: a changed script has another sha, and clients send EVALSHA with the sha
// of what they wrote; the table below leads from theirs to ours.
import { createHash } from "node:crypto";

const HEAD =
  "local __calls=0 " +
  "local redis=setmetatable({call=function(...) __calls=__calls+1 return redis.call(...) end," +
  "pcall=function(...) __calls=__calls+1 return redis.pcall(...) end},{__index=redis}) " +
  "local __result=(function() ";
const TAIL =
  "\nend)() if type(__result)=='table' and __result.err then return __result end return {__calls,__result}";

const sha1 = (text: string): string => createHash("sha1").update(text, "utf8").digest("hex");

/** The script that is sent to the server in place of the client's. */
export function wrapScript(script: string): string {
  return HEAD + script.replace(/^#!lua[^\n]*/, "") + TAIL;
}

/** What a wrapped script answered: its own result, and how many Redis calls it made. */
export function unwrapReply(reply: unknown): { calls: number; result: unknown } {
  const [calls, result = null] = reply as [number, unknown?];
  return { calls, result };
}

export type Argument = string | number | Buffer;

export interface RewrittenCommand {
  readonly args: readonly Argument[];
  /** Whether the reply is {calls, result} and goes through unwrapReply. */
  readonly wrapped: boolean;
  /** The sha that the client expects as the reply of SCRIPT LOAD. */
  readonly sha?: string;
}

export interface ScriptTable {
  rewrite(args: readonly Argument[]): RewrittenCommand;
}

/** Rewrites EVAL, EVALSHA, SCRIPT LOAD and SCRIPT EXISTS; every other command passes as it is. */
export function createScriptTable(): ScriptTable {
  const wrappedShas = new Map<string, string>();
  const learn = (script: string): { wrapped: string; sha: string } => {
    const wrapped = wrapScript(script);
    const sha = sha1(script);
    wrappedShas.set(sha, sha1(wrapped));
    return { wrapped, sha };
  };
  const translate = (sha: Argument): Argument => wrappedShas.get(String(sha).toLowerCase()) ?? sha;

  return {
    rewrite(args) {
      const name = String(args[0]).toUpperCase();
      const second = args[1];
      if (second === undefined) return { args, wrapped: false };
      if (name === "EVAL" || name === "EVAL_RO") {
        return { args: [name, learn(String(second)).wrapped, ...args.slice(2)], wrapped: true };
      }
      if (name === "EVALSHA" || name === "EVALSHA_RO") {
        const ours = translate(second);
        return { args: [name, ours, ...args.slice(2)], wrapped: ours !== second };
      }
      if (name !== "SCRIPT") return { args, wrapped: false };
      const verb = String(second).toUpperCase();
      if (verb === "EXISTS") return { args: [name, verb, ...args.slice(2).map(translate)], wrapped: false };
      if (verb !== "LOAD" || args[2] === undefined) return { args, wrapped: false };
      const { wrapped, sha } = learn(String(args[2]));
      return { args: [name, verb, wrapped], wrapped: false, sha };
    },
  };
}
