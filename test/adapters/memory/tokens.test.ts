import { describeTokens } from "../../contracts/tokens.ts";
import { memoryHarness } from "./harness.ts";

describeTokens("memory", async () => memoryHarness());
