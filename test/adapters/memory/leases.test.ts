import { describeLeases } from "../../contracts/leases.ts";
import { memoryHarness } from "./harness.ts";

describeLeases("memory", async () => memoryHarness());
