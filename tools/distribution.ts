// Checks the rules of distribution (docs/decisions) in the database catalogue and in the SQL texts
// of the ledger.

import type { Pool } from '../src/runtime/database.ts';
import type { SourceFile } from './source-tree.ts';

/**
 * Tables that hold members' data and grow: tables of the schema `ledger` with a column `bucket`.
 */
export async function listHotTables(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p')
       and a.attname = 'bucket' and not a.attisdropped order by c.relname`,
  );
  return rows.map((row) => row.name);
}

/** Offences in the catalogue against rules 1, 3 and 4, one sentence for each. */
export async function findSchemaOffences(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ offence: string }>(`
    with hot as (
      select c.oid, c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'ledger'::regnamespace and c.relkind in ('r', 'p')
        and a.attname = 'bucket' and not a.attisdropped)
    select format('table %s has no primary key', relname) as offence from hot
    where not exists (select from pg_constraint where conrelid = hot.oid and contype = 'p')
    union all
    select format('bucket of %s is %s, not integer', relname, format_type(a.atttypid, a.atttypmod))
      from hot
    join pg_attribute a on a.attrelid = hot.oid and a.attname = 'bucket'
      where a.atttypid <> 'integer'::regtype or not a.attnotnull
    union all
    select format('index %s of %s does not begin with bucket', i.indexrelid::regclass, relname)
      from hot join pg_index i on i.indrelid = hot.oid
    where pg_get_indexdef(i.indexrelid, 1, true) <> 'bucket'
    union all
    select format('foreign key %s of %s leaves bucket', k.conname, hot.relname) from pg_constraint k
      join hot on hot.oid = k.conrelid
    where k.contype = 'f' and (not exists (select from hot t where t.oid = k.confrelid)
      or not (select attnum from pg_attribute
        where attrelid = k.conrelid and attname = 'bucket') = any (k.conkey)
      or k.confdeltype in ('n', 'd'))
    union all
    select format('trigger %s on %s', t.tgname, relname) from hot
      join pg_trigger t on t.tgrelid = hot.oid where not t.tgisinternal
    union all
    select format('column %s of %s takes its value from a sequence', a.attname, relname) from hot
      join pg_attribute a on a.attrelid = hot.oid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) ~ 'nextval')
    order by 1`);
  return rows.map((row) => row.offence);
}

/** One SQL text and its place. */
export interface Statement {
  readonly where: string;
  readonly text: string;
}

/** SQL texts in the strings and templates of some files. */
export function readStatements(files: readonly SourceFile[]): Statement[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g)]
      .map((match) => ({
        where: `${path}:${text.slice(0, match.index).split('\n').length}`,
        text: match[1] ?? match[2] ?? match[3] ?? '',
      }))
      .filter((statement) => /\b(select|insert|update|delete)\b/i.test(statement.text)),
  );
}

/** Bodies of the functions in schema `ledger`, one text for each statement. */
export async function readFunctionStatements(pool: Pool): Promise<Statement[]> {
  const { rows } = await pool.query<{ name: string; body: string }>(
    `select p.proname as name, p.prosrc as body from pg_proc p
        where p.pronamespace = 'ledger'::regnamespace order by p.proname`,
  );
  return rows.flatMap((row) =>
    row.body
      .split(';')
      .map((text) => ({ where: `function ledger.${row.name}`, text: text.trim() }))
      .filter(({ text }) => text !== ''),
  );
}

/**
 * A statement over all buckets has an SQL comment in this form with its reason. It must not be on
 * the path of a posting.
 */
const EXEMPT = /all buckets: \w+/;

/**
 * Checks rule 5: a statement that reads or changes hot tables names one bucket, as often as it
 * names hot tables (a join inside the bucket repeats it). Inserted rows have their bucket as a
 * column.
 */
export function findStatementOffences(
  statements: readonly Statement[],
  hotTables: readonly string[],
): string[] {
  const table = new RegExp(
    `\\b(from|join|update|into)\\s+(?:only\\s+)?ledger\\.(${[...hotTables, 'entry'].join('|')})\\b`,
    'gi',
  );
  return statements
    .filter(({ text }) => {
      if (EXEMPT.test(text)) return false;
      const touched = [...text.matchAll(table)].filter(
        (match) => match[1]?.toLowerCase() !== 'into',
      ).length;
      const named = [...text.matchAll(/\bbucket\s*=\s*(\$\d+|p_bucket|[a-z_]+\.bucket)/gi)].length;
      return named < touched || /\bbucket\s*(in\s*\(|=\s*any)/i.test(text);
    })
    .map(({ where, text }) => `${where}: ${text.replace(/\s+/g, ' ').trim().slice(0, 160)}`);
}
