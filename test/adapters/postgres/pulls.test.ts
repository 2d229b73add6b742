import { describePulls } from "../../contracts/pulls.ts";
import { usePostgres } from "./harness.ts";

describePulls("Postgres", usePostgres());
