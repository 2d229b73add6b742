import { describeLateSamples } from "../../contracts/late-samples.ts";
import { describeSamples } from "../../contracts/samples.ts";
import { usePostgres } from "./harness.ts";

const harness = usePostgres();
describeSamples("Postgres", harness);
describeLateSamples("Postgres", harness);
