// All SQL of the valuation module.

import type { Queryable } from '../runtime/database.ts';
import type { RulebookDocument } from './rulebook-schema.ts';
import type { Change } from './types.ts';

/** A row of `valuation.rulebook`. */
export interface VersionRow {
  readonly version: number;
  readonly document: RulebookDocument;
  readonly effectiveAt: Date;
  readonly createdAt: Date;
  readonly author: string;
  readonly proposalId: string | null;
  /** Assets by code; null until the version is in force. */
  readonly assets: Readonly<Record<string, number>> | null;
  readonly activatedAt: Date | null;
}

const VERSION =
  'version, document, effective_at as "effectiveAt", created_at as "createdAt", author, ' +
  'proposal_id as "proposalId", assets, activated_at as "activatedAt"';

/** The number of the version in force, and its number of assets, which only grows. */
export async function selectActive(db: Queryable): Promise<{ version: number; assets: number }> {
  const {
    rows: [active],
  } = await db.query<{ version: number; assets: number }>(
    `select version, (select count(*)::integer from jsonb_object_keys(assets)) as assets
       from valuation.rulebook where activated_at is not null order by version desc limit 1`,
  );
  if (active === undefined) throw new Error('the network has no rulebook in force');
  return active;
}

/** One version. */
export async function selectVersion(
  db: Queryable,
  version: number,
): Promise<VersionRow | undefined> {
  const { rows } = await db.query<VersionRow>(
    `select ${VERSION} from valuation.rulebook where version = $1`,
    [version],
  );
  return rows[0];
}

/** The version approved last, in force or not. */
export async function selectLatest(db: Queryable): Promise<VersionRow> {
  const { rows } = await db.query<VersionRow>(
    `select ${VERSION} from valuation.rulebook order by version desc limit 1`,
  );
  const [latest] = rows;
  if (latest === undefined) throw new Error('the network has no rulebook');
  return latest;
}

/** The next version that is due and not in force yet. */
export async function selectDue(db: Queryable, nowMs: number): Promise<VersionRow | undefined> {
  const { rows } = await db.query<VersionRow>(
    `select ${VERSION} from valuation.rulebook where activated_at is null and effective_at <= $1
        order by version limit 1`,
    [new Date(nowMs)],
  );
  return rows[0];
}

/** Versions before a number, newest first. */
export async function selectVersions(
  db: Queryable,
  before: number,
  limit: number,
): Promise<Omit<VersionRow, 'document' | 'assets'>[]> {
  const { rows } = await db.query<Omit<VersionRow, 'document' | 'assets'>>(
    `select version, effective_at as "effectiveAt", created_at as "createdAt", author,
        proposal_id as "proposalId", activated_at as "activatedAt"
       from valuation.rulebook where version < $1 order by version desc limit $2`,
    [before, limit],
  );
  return rows;
}

/**
 * The lock of everybody who adds a version or decides a proposal, held until the end of the
 * dbTransaction. It protects the order of versions.
 */
export async function lockVersions(db: Queryable): Promise<void> {
  await db.query('lock table valuation.rulebook in share row exclusive mode');
}

/** True when the author has added a version. */
export async function hasVersionOf(db: Queryable, author: string): Promise<boolean> {
  const { rowCount } = await db.query(
    'select 1 from valuation.rulebook where author = $1 limit 1',
    [author],
  );
  return rowCount !== 0;
}

/** Adds a version; `document` is JSON text. */
export async function insertVersion(
  db: Queryable,
  row: Pick<VersionRow, 'version' | 'effectiveAt' | 'author' | 'proposalId'> & {
    readonly document: string;
  },
): Promise<void> {
  await db.query(
    `insert into valuation.rulebook (version, document, effective_at, author, proposal_id)
        values ($1, $2, $3, $4, $5)`,
    [row.version, row.document, row.effectiveAt, row.author, row.proposalId],
  );
}

/**
 * Deletes a scheduled version, and moves proposals that were made on it to the version before. A
 * version in force stays.
 */
export async function deleteVersion(db: Queryable, version: number): Promise<void> {
  await db.query('update valuation.proposal set base_version = $1 - 1 where base_version = $1', [
    version,
  ]);
  await db.query('delete from valuation.rulebook where version = $1 and activated_at is null', [
    version,
  ]);
}

/** Puts a version in force. Returns false when another process was first. */
export async function setActive(
  db: Queryable,
  version: number,
  assets: Readonly<Record<string, number>>,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update valuation.rulebook set assets = $2, activated_at = $3
        where version = $1 and activated_at is null`,
    [version, JSON.stringify(assets), new Date(nowMs)],
  );
  return rowCount === 1;
}

/** Adds assets to a version in force; existing ones stay as they are. */
export async function addAssets(
  db: Queryable,
  version: number,
  assets: Readonly<Record<string, number>>,
): Promise<void> {
  await db.query(
    `update valuation.rulebook set assets = $2::jsonb || assets
        where version = $1 and activated_at is not null`,
    [version, JSON.stringify(assets)],
  );
}

/** Records a process's version, and deletes rows of processes that have been silent for an hour. */
export async function upsertProcess(
  db: Queryable,
  processId: string,
  version: number,
): Promise<void> {
  await db.query(
    `with swept as (delete from valuation.process where seen_at < now() - interval '1 hour'
        and process_id <> $1)
     insert into valuation.process (process_id, version) values ($1, $2)
         on conflict (process_id) do update set version = excluded.version, seen_at = now()`,
    [processId, version],
  );
}

/** Deletes the row of a process that stops. */
export async function deleteProcess(db: Queryable, processId: string): Promise<void> {
  await db.query('delete from valuation.process where process_id = $1', [processId]);
}

/** True when another process that has reported within `seconds` has an older version in force. */
export async function hasOlderProcess(
  db: Queryable,
  version: number,
  { but, seconds }: { readonly but: string; readonly seconds: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from valuation.process
      where version < $1 and process_id <> $2 and seen_at > now() - make_interval(secs => $3)
        limit 1`,
    [version, but, seconds],
  );
  return rowCount !== 0;
}

/** State of a proposal. */
export type ProposalState = 'open' | 'approved' | 'rejected' | 'withdrawn';

/** A row of `valuation.proposal`. */
export interface ProposalRow {
  readonly proposalId: string;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly reason: string;
  readonly changes: readonly Change[];
  readonly baseVersion: number;
  readonly effectiveAt: Date | null;
  readonly urgent: boolean;
  readonly state: ProposalState;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
  readonly version: number | null;
}

const PROPOSAL = `proposal_id as "proposalId", made_by as "madeBy", made_at as "madeAt", reason, changes, base_version as "baseVersion", effective_at as "effectiveAt",
  urgent, state, decided_by as "decidedBy", decided_at as "decidedAt", decision_reason as "decisionReason", version`;

/** Adds an open proposal. */
export async function insertProposal(
  db: Queryable,
  row: Pick<
    ProposalRow,
    | 'proposalId'
    | 'madeBy'
    | 'madeAt'
    | 'reason'
    | 'changes'
    | 'baseVersion'
    | 'effectiveAt'
    | 'urgent'
  >,
): Promise<void> {
  await db.query(
    `insert into valuation.proposal (proposal_id, made_by, made_at, reason, changes, base_version,
        effective_at, urgent) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      row.proposalId,
      row.madeBy,
      row.madeAt,
      row.reason,
      JSON.stringify(row.changes),
      row.baseVersion,
      row.effectiveAt,
      row.urgent,
    ],
  );
}

/** One proposal. With `forUpdate` its row stays locked until the end of the dbTransaction. */
export async function selectProposal(
  db: Queryable,
  proposalId: string,
  forUpdate = false,
): Promise<ProposalRow | undefined> {
  const { rows } = await db.query<ProposalRow>(
    `select ${PROPOSAL} from valuation.proposal
        where proposal_id = $1${forUpdate ? ' for update' : ''}`,
    [proposalId],
  );
  return rows[0];
}

/** Proposals, newest first; of one state when it is given. */
export async function selectProposals(
  db: Queryable,
  state: ProposalState | undefined,
  limit: number,
): Promise<ProposalRow[]> {
  const { rows } = await db.query<ProposalRow>(
    `select ${PROPOSAL} from valuation.proposal where $1::text is null or state = $1
        order by made_at desc, proposal_id limit $2`,
    [state ?? null, limit],
  );
  return rows;
}

/** Records a decision. */
export async function decideProposal(
  db: Queryable,
  row: Pick<
    ProposalRow,
    'proposalId' | 'state' | 'decidedBy' | 'decidedAt' | 'decisionReason' | 'version'
  >,
): Promise<void> {
  await db.query(
    `update valuation.proposal set state = $2, decided_by = $3, decided_at = $4,
        decision_reason = $5, version = $6 where proposal_id = $1`,
    [row.proposalId, row.state, row.decidedBy, row.decidedAt, row.decisionReason, row.version],
  );
}
