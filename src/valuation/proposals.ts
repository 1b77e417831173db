// Change control: one operator makes a proposal, another one decides it; approved, it becomes the next version of the rulebook, which takes
// effect when its notice is over. Before this: the API or the CLI. After this: `activation.ts` puts the version in force.

import { randomUUID } from 'node:crypto';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { appendEvents } from '../runtime/feed.ts';
import { compileRulebook } from './compile-rulebook.ts';
import { applyChanges, diffRulebooks } from './diff-rulebooks.ts';
import { guardRates } from './guard-rates.ts';
import { applyPatch, type RulebookPatch } from './patch-rulebook.ts';
import { valuationProblems } from './problems.ts';
import { Rulebook } from './rulebook.ts';
import {
  decideProposal, deleteVersion, insertProposal, insertVersion, lockVersions, selectLatest, selectProposal, selectProposals, selectVersion, selectVersions,
  type ProposalRow, type ProposalState, type VersionRow,
} from './store.ts';
import type { Change, Fault } from './types.ts';

export type { ProposalRow as Proposal, ProposalState } from './store.ts';

export interface NewProposal {
  /** Who makes it. */
  readonly operatorId: string;
  /** Why; kept in the history. */
  readonly reason: string;
  /** A whole document, or only the items that change (null takes one out). */
  readonly change: { readonly document: unknown } | { readonly patch: RulebookPatch };
  /** As soon as its notice is over when absent. */
  readonly effectiveAtMs?: number | undefined;
  /** Takes effect without notice; told in the history. */
  readonly urgent?: boolean | undefined;
}

export interface Decision {
  readonly proposalId: string;
  /** Who decides. */
  readonly operatorId: string;
  readonly reason?: string | undefined;
}

export interface Proposals {
  /** What a change would do, without making it: the differences from the version approved last, or what is wrong with it. */
  check(change: NewProposal['change']): Promise<Result<readonly Change[]>>;
  make(proposal: NewProposal): Promise<Result<ProposalRow>>;
  approve(decision: Decision): Promise<Result<ProposalRow>>;
  reject(decision: Decision): Promise<Result<ProposalRow>>;
  /** By whoever made it, while it is open; once approved by anybody, as long as its version waits and is the last: so that nothing scheduled stands in the way of what is urgent. */
  withdraw(decision: Decision): Promise<Result<ProposalRow>>;
  find(proposalId: string): Promise<Result<ProposalRow>>;
  list(state: ProposalState | undefined, limit: number): Promise<readonly ProposalRow[]>;
  /** The rulebook that a proposal would make of the version approved last; for an approved one, what it made. */
  rulebookOf(proposal: ProposalRow): Promise<Result<Rulebook>>;
  findVersion(version: number): Promise<Result<VersionRow>>;
  /** Newest first, before a version number. */
  listVersions(before: number, limit: number): Promise<readonly Omit<VersionRow, 'document' | 'assets'>[]>;
  latest(): Promise<VersionRow>;
}

const HOUR_MS = 3_600_000;
/** Most faults that are told at once. */
const MOST_FAULTS = 50;
const PROPOSAL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createProposals(pool: Pool, clock: Clock): Proposals {
  async function decide(decision: Decision, work: (client: DbClient, proposal: ProposalRow) => Promise<Result<Pick<ProposalRow, 'state' | 'version'>>>, from: 'open' | 'open or scheduled' = 'open'): Promise<Result<ProposalRow>> {
    return dbTransaction(pool, async (client) => {
      await lockVersions(client);
      const proposal = PROPOSAL_ID.test(decision.proposalId) ? await selectProposal(client, decision.proposalId, true) : undefined;
      if (proposal === undefined) return refuse(valuationProblems.proposal_not_found());
      if (proposal.state !== 'open' && !(proposal.state === 'approved' && from === 'open or scheduled')) return refuse(valuationProblems.proposal_decided(`It is ${proposal.state}.`));
      const made = await work(client, proposal);
      if (!made.ok) return made;
      const decided = { ...proposal, ...made.value, decidedBy: decision.operatorId, decidedAt: new Date(clock.now()), decisionReason: decision.reason ?? null };
      await decideProposal(client, decided);
      await announce(client, `proposal.${made.value.state}`, decided);
      // Only now does no proposal refer to it.
      if (proposal.version !== null) await dropVersion(client, proposal.version);
      return ok(decided);
    });
  }

  /** A version may be called off while it waits, when no other one is built on it. */
  async function callOff(client: DbClient, version: number): Promise<Result<Pick<ProposalRow, 'state' | 'version'>>> {
    const latest = await selectLatest(client);
    if (latest.version > version) return refuse(valuationProblems.proposal_decided(`Version ${latest.version} is built on it; call that off first.`));
    if (latest.activatedAt !== null || latest.effectiveAt.getTime() <= clock.now()) return refuse(valuationProblems.proposal_decided('It is in force.'));
    return ok({ state: 'withdrawn', version: null });
  }

  async function dropVersion(client: DbClient, version: number): Promise<void> {
    await deleteVersion(client, version);
    await appendEvents(client, [{ type: 'rulebook.called_off', platformId: null, data: { version } }], clock.now());
  }

  async function announce(client: DbClient, type: string, proposal: ProposalRow): Promise<void> {
    const { proposalId, madeBy, decidedBy, reason, version } = proposal;
    await appendEvents(client, [{ type, platformId: null, data: { proposal_id: proposalId, made_by: madeBy, decided_by: decidedBy, reason, version } }], clock.now());
  }

  const find = async (proposalId: string): Promise<Result<ProposalRow>> => {
    const proposal = PROPOSAL_ID.test(proposalId) ? await selectProposal(pool, proposalId) : undefined;
    return proposal === undefined ? refuse(valuationProblems.proposal_not_found()) : ok(proposal);
  };

  return {
    find,
    list: (state, limit) => selectProposals(pool, state, limit),
    latest: () => selectLatest(pool),
    listVersions: (before, limit) => selectVersions(pool, before, limit),
    findVersion: async (version) => {
      const row = await selectVersion(pool, version);
      return row === undefined ? refuse(valuationProblems.version_not_found()) : ok(row);
    },
    check: async (change) => {
      const latest = await selectLatest(pool);
      const next = check(wanted(latest, change));
      return next.ok ? ok(diffRulebooks(latest.document, next.value.document)) : next;
    },
    make: ({ operatorId, reason, change, effectiveAtMs, urgent }) => dbTransaction(pool, async (client) => {
      const latest = await selectLatest(client);
      const next = check(wanted(latest, change));
      if (!next.ok) return next;
      const changes = diffRulebooks(latest.document, next.value.document);
      if (changes.length === 0) return refuse(valuationProblems.nothing_changes());
      const made = {
        proposalId: randomUUID() as string, madeBy: operatorId, madeAt: new Date(clock.now()), reason, changes, baseVersion: latest.version,
        effectiveAt: effectiveAtMs === undefined ? null : new Date(effectiveAtMs), urgent: urgent ?? false,
      };
      await insertProposal(client, made);
      const proposal: ProposalRow = { ...made, state: 'open', decidedBy: null, decidedAt: null, decisionReason: null, version: null };
      await announce(client, 'proposal.made', proposal);
      return ok(proposal);
    }),
    approve: (decision) => decide(decision, async (client, proposal) => {
      if (proposal.madeBy === decision.operatorId) return refuse(valuationProblems.same_operator());
      const latest = await selectLatest(client);
      const next = rebase(latest, proposal);
      if (!next.ok) return next;
      const effectiveAt = effectOf(proposal, latest, clock.now());
      if (!effectiveAt.ok) return effectiveAt;
      const version = latest.version + 1;
      await insertVersion(client, { version, document: next.value.document, effectiveAt: effectiveAt.value, author: proposal.madeBy, proposalId: proposal.proposalId });
      await appendEvents(client, [{ type: 'rulebook.scheduled', platformId: null, data: { version, effective_at: effectiveAt.value.toISOString() } }], clock.now());
      return ok({ state: 'approved' as const, version });
    }),
    reject: (decision) => decide(decision, async (_client, proposal) =>
      (proposal.madeBy === decision.operatorId ? refuse(valuationProblems.same_operator()) : ok({ state: 'rejected' as const, version: null }))),
    withdraw: (decision) => decide(decision, async (client, proposal) => {
      if (proposal.version !== null) return callOff(client, proposal.version);
      return proposal.madeBy === decision.operatorId ? ok({ state: 'withdrawn' as const, version: null }) : refuse(valuationProblems.not_the_maker());
    }, 'open or scheduled'),
    rulebookOf: async (proposal) => {
      if (proposal.version === null) return rebase(await selectLatest(pool), proposal);
      const row = await selectVersion(pool, proposal.version);
      return row === undefined ? refuse(valuationProblems.version_not_found()) : ok(Rulebook.of(row.version, row.document));
    },
  };
}

function wanted({ document }: VersionRow, change: NewProposal['change']): unknown {
  return 'document' in change ? change.document : applyPatch(document, change.patch);
}

/** A proposal's changes on the version approved last, which may be later than the one it was made on. */
function rebase(latest: VersionRow, { changes }: ProposalRow): Result<Rulebook> {
  const applied = applyChanges(latest.document, changes);
  if (!applied.ok) return refuse(valuationProblems.proposal_conflict(undefined, { items: applied.conflicts.map(({ item }) => item) }));
  return check(applied.document);
}

/** A document that may become a version: well formed, and without arbitrage. */
function check(document: unknown): Result<Rulebook> {
  const compiled = compileRulebook(document);
  if (!compiled.ok) return refuse(invalid(compiled.faults));
  const rulebook = new Rulebook(0, compiled.rulebook);
  const gain = guardRates(rulebook);
  return gain === undefined ? ok(rulebook) : refuse(gain);
}

/** All faults in order, each with its place; the first one also in words, with the characters of an expression counted from 1. */
export function invalid(faults: readonly Fault[]): Problem {
  const [first] = faults;
  const characters = first?.start === undefined ? '' : ` (characters ${first.start + 1} to ${first.end})`;
  const words = first === undefined ? undefined : `${first.place}${first.place === '' ? 'The document' : ':'} ${first.message}${characters}.`;
  return valuationProblems.invalid_rulebook(words, { faults: faults.slice(0, MOST_FAULTS) });
}

/** When an approved proposal takes effect: not before its notice is over, nor before the version approved last. */
function effectOf({ effectiveAt, urgent }: ProposalRow, latest: VersionRow, nowMs: number): Result<Date> {
  const notice = urgent ? 0 : latest.document.settings.notice_hours * HOUR_MS;
  const earliest = Math.max(nowMs + notice, latest.effectiveAt.getTime());
  if (effectiveAt === null) return ok(new Date(earliest));
  if (effectiveAt.getTime() < latest.effectiveAt.getTime()) {
    return refuse(valuationProblems.effective_too_early(`Version ${latest.version} takes effect at ${latest.effectiveAt.toISOString()}.`));
  }
  return ok(new Date(Math.max(effectiveAt.getTime(), earliest)));
}
