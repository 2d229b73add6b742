/**
 * The schema as text, read from the catalog (the embedded Postgres has no pg_dump): what exists after all migrations,
 * whatever way it came about. Function bodies stay in the migrations; here is what a caller sees of them.
 */
import type { Sql } from "../../src/adapters/postgres/connect.ts";

const SCHEMAS = "('flyahead', 'flyahead_api')";

const RELATIONS = `
  select c.oid::regclass::text as name, case c.relkind when 'v' then 'view' else 'table' end as kind,
    obj_description(c.oid, 'pg_class') as comment,
    array_to_json(array(
      select concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
        case a.attidentity when 'a' then 'generated always as identity' end, 'default ' || pg_get_expr(d.adbin, d.adrelid),
        '-- ' || col_description(c.oid, a.attnum))
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum)) as columns,
    array_to_json(array(
      select pg_get_constraintdef(k.oid) from pg_constraint k where k.conrelid = c.oid and k.contype <> 'n' order by k.contype, 1)) as constraints,
    array_to_json(array(
      select pg_get_indexdef(i.indexrelid) from pg_index i
      where i.indrelid = c.oid and not exists (select from pg_constraint k where k.conindid = i.indexrelid) order by 1)) as indexes,
    array_to_json(array(select pg_get_triggerdef(t.oid) from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal order by 1)) as triggers,
    array_to_json(array(
      select g.grantee || ' ' || string_agg(lower(g.privilege_type), ', ' order by g.privilege_type)
      from information_schema.role_table_grants g
      where (g.table_schema, g.table_name) = (n.nspname, c.relname) and g.grantee <> 'postgres' group by g.grantee order by 1)) as grants,
    case c.relkind when 'v' then pg_get_viewdef(c.oid, true) end as definition
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ${SCHEMAS} and c.relkind in ('r', 'p', 'v') and not c.relispartition
  order by n.nspname, c.relkind = 'v', c.relname`;

const FUNCTIONS = `
  select p.oid::regprocedure::text as name, pg_get_function_result(p.oid) as result, l.lanname as language,
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
    p.prosecdef as definer, array_to_string(p.proconfig, ', ') as settings, obj_description(p.oid, 'pg_proc') as comment,
    coalesce((
      select string_agg(case when a.grantee = 0 then 'public' else a.grantee::regrole::text end, ', ' order by a.grantee::regrole::text)
      from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner), 'nobody') as callers
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  where n.nspname in ${SCHEMAS} order by 1`;

type Relation = {
  name: string;
  kind: string;
  comment: string | null;
  columns: string[];
  constraints: string[];
  indexes: string[];
  triggers: string[];
  grants: string[];
  definition: string | null;
};
type Routine = {
  name: string;
  result: string;
  language: string;
  volatility: string;
  definer: boolean;
  settings: string | null;
  comment: string | null;
  callers: string;
};

export async function schemaText(sql: Sql): Promise<string> {
  const relations = await sql.unsafe<Relation[]>(RELATIONS);
  const routines = await sql.unsafe<Routine[]>(FUNCTIONS);
  return `${[...relations.map(relationText), ...routines.map(routineText)].join("\n\n")}\n`;
}

function relationText(relation: Relation): string {
  const { kind, name, comment, columns, constraints, indexes, triggers, grants, definition } = relation;
  const parts = [
    ...columns,
    ...constraints.map((text) => `constraint ${text}`),
    ...indexes,
    ...triggers,
    ...grants.map((text) => `grant to ${text}`),
  ];
  return [
    `${kind} ${name}`,
    `-- ${comment ?? "NO COMMENT"}`,
    ...parts.map((part) => `  ${part}`),
    ...(definition === null ? [] : [definition]),
  ].join("\n");
}

function routineText({
  name,
  result,
  language,
  volatility,
  definer,
  settings,
  comment,
  callers,
}: Routine): string {
  const facts = [language, volatility, definer ? "security definer" : "", settings ?? ""].filter(
    (fact) => fact !== "",
  );
  return [
    `function ${name} → ${result}`,
    ...(comment === null ? [] : [`-- ${comment}`]),
    `  ${facts.join(", ")}`,
    `  callers: ${callers}`,
  ].join("\n");
}
