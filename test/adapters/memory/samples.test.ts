import { describeSamples } from "../../contracts/samples.ts";
import { memoryHarness } from "./harness.ts";

describeSamples("memory", async () => memoryHarness());
