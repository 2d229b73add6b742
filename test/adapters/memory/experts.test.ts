import { createMemoryExperts } from "../../../src/adapters/memory/experts.ts";
import { describeExperts, type Script, sound } from "../../contracts/experts.ts";

describeExperts("memory", async () => {
  let say: Script = sound;
  return {
    experts: createMemoryExperts("oracle", "o-1", ({ pool }) => say(pool)),
    script: (next) => {
      say = next;
    },
  };
});
