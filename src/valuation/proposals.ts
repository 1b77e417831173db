// Change control: one operator makes a proposal, and another one decides it. An approved proposal
// becomes the next version of the rulebook, which takes effect after its notice period. Before
// this: the API or the CLI. After this: `network/activation.ts` puts the version in force.

import { randomUUID } from 'node:crypto';
import { ok, refuse, type Problem, type Result } from '../kernel/problem.ts';
import { formatMoment, type Clock } from '../kernel/time.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { appendEvents } from '../events/events.ts';
import { refuseUnknown, type CheckedChange, type WantedChange } from './check-change.ts';
import { createChecker } from './checker.ts';
import type { RulebookPatch } from './patch-rulebook.ts';
import { valuationProblems } from './problems.ts';
import { Rulebook } from './rulebook.ts';
import {
  decideProposal,
  deleteVersion,
  insertProposal,
  insertVersion,
  lockVersions,
  selectLatest,
  selectProposal,
  selectProposals,
  selectVersion,
  selectVersions,
  type ProposalRow,
  type ProposalState,
  type VersionRow,
} from './store.ts';
import type { Change } from './types.ts';

export type { ProposalRow as Proposal, ProposalState } from './store.ts';

/** A proposal to be made. */
export interface NewProposal {
  /** The operator who makes it. */
  readonly operatorId: string;
  /** The reason, which the history keeps. */
  readonly reason: string;
  /** A whole document, or only the items that change (null removes one). */
  readonly change: { readonly document: unknown } | { readonly patch: RulebookPatch };
  /** Milliseconds since the Unix epoch. By default as soon as the notice period is over. */
  readonly effectiveAtMs?: number | undefined;
  /** Take effect without a notice period. The history shows it. */
  readonly urgent?: boolean | undefined;
}

interface MadeProposal extends ProposalRow {
  /** JSON of a list of texts: the changes for people. */
  readonly lines: string;
}

/** A decision on a proposal. */
interface Decision {
  readonly proposalId: string;
  /** The operator who decides. */
  readonly operatorId: string;
  readonly reason?: string | undefined;
}

/** Makes, decides and lists proposals. */
export interface Proposals {
  /**
   * Checks a change without making a proposal: returns the differences from the version approved
   * last, or the problem.
   */
  check(change: NewProposal['change'], signal?: AbortSignal): Promise<Result<CheckedChange>>;
  /** Makes a proposal; refuses with `nothing_changes` or the problems of `check`. */
  make(proposal: NewProposal, signal?: AbortSignal): Promise<Result<MadeProposal>>;
  /** Approves an open proposal of another operator, and schedules its version. */
  approve(decision: Decision, signal?: AbortSignal): Promise<Result<ProposalRow>>;
  /** Rejects an open proposal of another operator. */
  reject(decision: Decision): Promise<Result<ProposalRow>>;
  /**
   * The maker may withdraw an open proposal. Once approved, any operator may, while its version is
   * scheduled and the latest. So a scheduled version cannot block an urgent one.
   */
  withdraw(decision: Decision): Promise<Result<ProposalRow>>;
  /** The proposal with this id, or `proposal_not_found`. */
  find(proposalId: string): Promise<Result<ProposalRow>>;
  /** Proposals, newest first; of one state when it is given. */
  list(state: ProposalState | undefined, limit: number): Promise<readonly ProposalRow[]>;
  /**
   * The rulebook that an open proposal would make of the version approved last; for an approved
   * proposal, the version that it made.
   */
  rulebookOf(proposal: ProposalRow, signal?: AbortSignal): Promise<Result<Rulebook>>;
  /** The problem with a document that lists unregistered platforms. */
  refuseUnknown(document: unknown): Promise<Problem | undefined>;
  /** One version, or `version_not_found`. */
  findVersion(version: number): Promise<Result<VersionRow>>;
  /** Versions before a version number, newest first. */
  listVersions(
    before: number,
    limit: number,
  ): Promise<readonly Omit<VersionRow, 'document' | 'assets'>[]>;
  /** The version approved last, in force or not. */
  latest(): Promise<VersionRow>;
}

const HOUR_MS = 3_600_000;
/** How often an approval is checked again because another version was approved in the meantime. */
const MOST_CHECKS = 5;
const PROPOSAL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `platformIds` returns the registered platforms. */
export function createProposals(
  pool: Pool,
  clock: Clock,
  platformIds: () => readonly string[],
): Proposals {
  const checker = createChecker();
  /**
   * Checks a change against the version approved last, which may be later than the one that a
   * proposal was made on.
   */
  const check = (
    { document }: VersionRow,
    change: WantedChange,
    signal?: AbortSignal,
  ): Promise<Result<CheckedChange>> =>
    checker.check(
      {
        latest: JSON.stringify(document),
        change: JSON.stringify(change),
        platformIds: platformIds(),
      },
      signal,
    );

  async function decide(
    decision: Decision,
    work: (
      client: DbClient,
      proposal: ProposalRow,
    ) => Promise<Result<Pick<ProposalRow, 'state' | 'version'>>>,
    from: 'open' | 'open or scheduled' = 'open',
  ): Promise<Result<ProposalRow>> {
    return dbTransaction(pool, async (client) => {
      await lockVersions(client);
      const proposal = PROPOSAL_ID.test(decision.proposalId)
        ? await selectProposal(client, decision.proposalId, true)
        : undefined;
      if (proposal === undefined) return refuse(valuationProblems.proposal_not_found());
      if (
        proposal.state !== 'open' &&
        !(proposal.state === 'approved' && from === 'open or scheduled')
      )
        return refuse(valuationProblems.proposal_decided(`It is ${proposal.state}.`));
      const made = await work(client, proposal);
      if (!made.ok) return made;
      const decided = {
        ...proposal,
        ...made.value,
        decidedBy: decision.operatorId,
        decidedAt: new Date(clock.now()),
        decisionReason: decision.reason ?? null,
      };
      await decideProposal(client, decided);
      await announce(client, `proposal.${made.value.state}`, decided);
      // Only now does no proposal refer to the version.
      if (proposal.version !== null) await dropVersion(client, proposal.version);
      return ok(decided);
    });
  }

  /** Calls a scheduled version off, if no later version is built on it. */
  async function callOff(
    client: DbClient,
    version: number,
  ): Promise<Result<Pick<ProposalRow, 'state' | 'version'>>> {
    const latest = await selectLatest(client);
    if (latest.version > version)
      return refuse(
        valuationProblems.proposal_decided(
          `Version ${latest.version} is built on it; call that one off first.`,
        ),
      );
    if (latest.activatedAt !== null || latest.effectiveAt.getTime() <= clock.now())
      return refuse(valuationProblems.proposal_decided('It is in force.'));
    return ok({ state: 'withdrawn', version: null });
  }

  async function dropVersion(client: DbClient, version: number): Promise<void> {
    await deleteVersion(client, version);
    await appendEvents(
      client,
      [{ type: 'rulebook.called_off', platformId: null, data: { version } }],
      clock.now(),
    );
  }

  async function approveAs(
    client: DbClient,
    proposal: ProposalRow,
    latest: VersionRow,
    { document }: CheckedChange,
  ): Promise<Result<Pick<ProposalRow, 'state' | 'version'>>> {
    const effectiveAt = effectOf(proposal, latest, clock.now());
    if (!effectiveAt.ok) return effectiveAt;
    const version = latest.version + 1;
    await insertVersion(client, {
      version,
      document,
      effectiveAt: effectiveAt.value,
      author: proposal.madeBy,
      proposalId: proposal.proposalId,
    });
    await appendEvents(
      client,
      [
        {
          type: 'rulebook.scheduled',
          platformId: null,
          data: { version, effective_at: formatMoment(effectiveAt.value) },
        },
      ],
      clock.now(),
    );
    return ok({ state: 'approved', version });
  }

  async function announce(client: DbClient, type: string, proposal: ProposalRow): Promise<void> {
    const { proposalId, madeBy, decidedBy, reason, version } = proposal;
    await appendEvents(
      client,
      [
        {
          type,
          platformId: null,
          data: {
            proposal_id: proposalId,
            made_by: madeBy,
            decided_by: decidedBy,
            reason,
            version,
          },
        },
      ],
      clock.now(),
    );
  }

  const find = async (proposalId: string): Promise<Result<ProposalRow>> => {
    const proposal = PROPOSAL_ID.test(proposalId)
      ? await selectProposal(pool, proposalId)
      : undefined;
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
    check: async (change, signal) => check(await selectLatest(pool), change, signal),
    make: async ({ operatorId, reason, change, effectiveAtMs, urgent }, signal) => {
      const latest = await selectLatest(pool);
      const next = await check(latest, change, signal);
      if (!next.ok) return next;
      const changes = JSON.parse(next.value.changes) as readonly Change[];
      if (changes.length === 0) return refuse(valuationProblems.nothing_changes());
      const made = {
        proposalId: randomUUID(),
        madeBy: operatorId,
        madeAt: new Date(clock.now()),
        reason,
        changes,
        baseVersion: latest.version,
        effectiveAt: effectiveAtMs === undefined ? null : new Date(effectiveAtMs),
        urgent: urgent ?? false,
      };
      const proposal: ProposalRow = {
        ...made,
        state: 'open',
        decidedBy: null,
        decidedAt: null,
        decisionReason: null,
        version: null,
      };
      await dbTransaction(pool, async (client) => {
        await insertProposal(client, made);
        await announce(client, 'proposal.made', proposal);
      });
      return ok({ ...proposal, lines: next.value.lines });
    },
    approve: async (decision, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        const found = await find(decision.proposalId);
        if (!found.ok) return found;
        // Checked without the lock, because a check takes time. The result is used only if no
        // version was approved in between.
        const base = await selectLatest(pool);
        const worthChecking =
          found.value.state === 'open' && found.value.madeBy !== decision.operatorId;
        const next = worthChecking
          ? await check(base, { changes: found.value.changes }, signal)
          : undefined;
        let cameBetween = false;
        const decided = await decide(decision, async (client, proposal) => {
          if (proposal.madeBy === decision.operatorId)
            return refuse(valuationProblems.same_operator());
          const latest = await selectLatest(client);
          cameBetween = next === undefined || latest.version !== base.version;
          if (next === undefined || cameBetween)
            return refuse(valuationProblems.version_scheduled());
          return next.ok ? approveAs(client, proposal, latest, next.value) : next;
        });
        if (!cameBetween || attempt === MOST_CHECKS) return decided;
      }
    },
    reject: (decision) =>
      decide(decision, async (_client, proposal) =>
        proposal.madeBy === decision.operatorId
          ? refuse(valuationProblems.same_operator())
          : ok({ state: 'rejected' as const, version: null }),
      ),
    withdraw: (decision) =>
      decide(
        decision,
        async (client, proposal) => {
          if (proposal.version !== null) return callOff(client, proposal.version);
          return proposal.madeBy === decision.operatorId
            ? ok({ state: 'withdrawn' as const, version: null })
            : refuse(valuationProblems.not_the_maker());
        },
        'open or scheduled',
      ),
    rulebookOf: async (proposal, signal) => {
      if (proposal.version === null) {
        const next = await check(await selectLatest(pool), { changes: proposal.changes }, signal);
        return next.ok ? ok(await Rulebook.load(0, JSON.parse(next.value.document))) : next;
      }
      const row = await selectVersion(pool, proposal.version);
      return row === undefined
        ? refuse(valuationProblems.version_not_found())
        : ok(await Rulebook.load(row.version, row.document));
    },
    refuseUnknown: async (document) => {
      const { document: latest } = await selectLatest(pool);
      return refuseUnknown(document, new Set([...platformIds(), ...Object.keys(latest.platforms)]));
    },
  };
}

/**
 * When an approved proposal takes effect: not before the end of its notice period, and not before
 * the version approved last.
 */
function effectOf(
  { effectiveAt, urgent }: ProposalRow,
  latest: VersionRow,
  nowMs: number,
): Result<Date> {
  const notice = urgent ? 0 : latest.document.settings.notice_hours * HOUR_MS;
  const earliest = Math.max(nowMs + notice, latest.effectiveAt.getTime());
  if (effectiveAt === null) return ok(new Date(earliest));
  if (effectiveAt.getTime() < latest.effectiveAt.getTime()) {
    return refuse(
      valuationProblems.effective_too_early(
        `Version ${latest.version} takes effect at ${formatMoment(latest.effectiveAt)}.`,
      ),
    );
  }
  return ok(new Date(Math.max(effectiveAt.getTime(), earliest)));
}
