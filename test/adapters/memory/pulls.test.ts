import { describePulls } from "../../contracts/pulls.ts";
import { memoryHarness } from "./harness.ts";

describePulls("memory", async () => memoryHarness());
