import { describeLeases } from "../../contracts/leases.ts";
import { usePostgres } from "./harness.ts";

describeLeases("Postgres", usePostgres());
