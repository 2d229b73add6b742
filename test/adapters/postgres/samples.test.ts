import { describeSamples } from "../../contracts/samples.ts";
import { usePostgres } from "./harness.ts";

describeSamples("Postgres", usePostgres());
