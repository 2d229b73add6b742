import { describeLateSamples } from "../../contracts/late-samples.ts";
import { describeSamples } from "../../contracts/samples.ts";
import { memoryHarness } from "./harness.ts";

describeSamples("memory", async () => memoryHarness());
describeLateSamples("memory", async () => memoryHarness());
