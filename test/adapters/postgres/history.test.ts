import { describeHistory } from "../../contracts/history.ts";
import { usePostgres } from "./harness.ts";

describeHistory("Postgres", usePostgres());
