import { describeTokens } from "../../contracts/tokens.ts";
import { usePostgres } from "./harness.ts";

describeTokens("Postgres", usePostgres());
