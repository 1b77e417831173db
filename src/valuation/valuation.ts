// The value of points, the cost of moving them and the rewards that they buy: the rulebook, its
// versions, and its verdicts on operations. Owns rules, quotes and proposals; never touches a
// balance. The ledger gets rates, fees and limits only from here. The only file of this module that
// others import.

import { assert } from '../kernel/assert.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { formatMoment, type Clock } from '../kernel/time.ts';
import { dbTransaction, type Pool } from '../runtime/database.ts';
import { appendEvents } from '../events/events.ts';
import { inTurn } from '../runtime/in-turn.ts';
import { compileInTurns } from './compile-rulebook.ts';
import { diffRulebooks } from './diff-rulebooks.ts';
import { invalid } from './check-change.ts';
import { createProcesses } from './processes.ts';
import { createProposals, type Proposals } from './proposals.ts';
import { Rulebook } from './rulebook.ts';
import {
  addAssets,
  hasVersionOf,
  insertVersion,
  lockVersions,
  selectActive,
  selectDue,
  selectLatest,
  selectVersion,
  setActive,
  type VersionRow,
} from './store.ts';
import type { RulebookDocument } from './rulebook-schema.ts';

export type {
  Applied,
  Change,
  Conversion,
  Facts,
  Fault,
  LimitUse,
  Reward,
  Scales,
  Terms,
  Verdict,
} from './types.ts';
export { AssetMissing } from './asset-missing.ts';
export {
  INITIAL_RULEBOOK,
  type ExpiryTerms,
  type LimitTerms,
  type OperationName,
  type RewardTerms,
  type RuleTerms,
  type RulebookDocument,
} from './rulebook-schema.ts';
export { valuationProblems } from './problems.ts';
export { Rulebook, limitAssetCode } from './rulebook.ts';
export { compileRulebook } from './compile-rulebook.ts';
export { evaluateConversion, evaluateOperation, type EvaluateOptions } from './evaluate-rules.ts';
export { evaluateEarn, lastDayOf } from './evaluate-earn.ts';
export {
  evaluateRedemption,
  findReward,
  isEligible,
  listRewards,
  rewardAssetCode,
} from './evaluate-redemption.ts';
export { pointValue } from './point-value.ts';
export { describeChange, diffRulebooks } from './diff-rulebooks.ts';
export type { RulebookPatch } from './patch-rulebook.ts';
export { readRulebookYaml } from './read-rulebook-yaml.ts';
export { writeRulebookYaml } from './write-rulebook-yaml.ts';
export type { NewProposal, Proposal, Proposals, ProposalState } from './proposals.ts';
export type { VersionRow } from './store.ts';
export { RULE_VARIABLES } from './conditions.ts';
export { createQuoteTokens, MAX_QUOTE_ID, type QuoteTokens } from './quote-token.ts';

/** A version that is due: its rules are compiled, its assets are not known yet. */
export interface DueVersion {
  readonly row: VersionRow;
  readonly rulebook: Rulebook;
}

/** The surface of the module. */
export interface Valuation {
  /**
   * The version in force, from memory. A change by another process becomes visible within one
   * second.
   */
  rulebook(): Rulebook;
  /** Reads the version in force if it has changed. */
  refresh(): Promise<void>;
  /**
   * Sets the check whether this process knows the assets of a version. Until it does, the version
   * before stays in force here, because no limit can be counted in an unknown asset.
   */
  admitBy(knows: (assetIds: Iterable<number>) => Promise<boolean>): void;
  /**
   * Adds a version that only adds items and takes effect at once: for a platform that joins, and
   * for the first rules of a network. A change of anything that exists is a proposal. Returns the
   * version; items that exist are left as they are.
   */
  add(
    items: (document: RulebookDocument) => RulebookDocument,
    author: string,
  ): Promise<Result<number>>;
  /** True when the author has added any version. */
  hasAuthor(author: string): Promise<boolean>;
  /** Change control: the way in which existing items change. */
  readonly proposals: Proposals;
  /** Reports which version this running process has in force. */
  reportVersion(): Promise<void>;
  /** Reports that this process stops. */
  leave(): Promise<void>;
  /**
   * True once a version is in force here and in every running process. Waits up to three seconds
   * for the others.
   */
  isInForce(version: number): Promise<boolean>;
  /** The next version that is due. */
  findDue(): Promise<DueVersion | undefined>;
  /**
   * Puts a version in force, with its assets by code. Returns false when another process was first.
   */
  activate(version: number, assets: Readonly<Record<string, number>>): Promise<boolean>;
  /**
   * Adds the assets of a platform that has joined to the version in force. Existing assets stay.
   */
  complete(version: number, assets: Readonly<Record<string, number>>): Promise<void>;
}

/**
 * Loads the version in force. `platformIds` returns the registered platforms: a rulebook may list
 * these, and those that the version before lists.
 */
export async function createValuation(
  pool: Pool,
  clock: Clock,
  platformIds: () => readonly string[] = () => [],
): Promise<Valuation> {
  let rulebook = await load(pool, (await selectActive(pool)).version);
  const processes = createProcesses(pool);
  let knows: Parameters<Valuation['admitBy']>[0] | undefined;

  const refresh = inTurn(async () => {
    const { version, assets } = await selectActive(pool);
    if (version === rulebook.version && assets === rulebook.assetIds?.size) return;
    const loaded = await load(pool, version);
    if (knows === undefined || (await knows(loaded.assetIds?.values() ?? []))) rulebook = loaded;
  });

  return {
    rulebook: () => rulebook,
    proposals: createProposals(pool, clock, platformIds),
    refresh,
    admitBy: (check) => void (knows = check),
    hasAuthor: (author) => hasVersionOf(pool, author),
    add: (items, author) =>
      dbTransaction(pool, async (client) => {
        await lockVersions(client);
        const latest = await selectLatest(client);
        const document = items(latest.document);
        const changes = diffRulebooks(latest.document, document);
        if (changes.length === 0) return ok(latest.version);
        assert(
          changes.every(({ before }) => before === null),
          'what is in the rulebook is changed by proposals only',
        );
        const compiled = await compileInTurns(document);
        if (!compiled.ok) return refuse(invalid(compiled.faults));
        const version = latest.version + 1;
        // Not before a scheduled version, because versions take effect in order.
        const effectiveAt = new Date(Math.max(clock.now(), latest.effectiveAt.getTime()));
        await insertVersion(client, {
          version,
          document: JSON.stringify(document),
          effectiveAt,
          author,
          proposalId: null,
        });
        await appendEvents(
          client,
          [
            {
              type: 'rulebook.scheduled',
              platformId: null,
              data: { version, effective_at: formatMoment(effectiveAt) },
            },
          ],
          clock.now(),
        );
        return ok(version);
      }),
    reportVersion: () => processes.report(rulebook.version),
    leave: () => processes.leave(),
    isInForce: async (version) =>
      rulebook.version >= version && (await processes.haveInForce(version)),
    findDue: async () => {
      const row = await selectDue(pool, clock.now());
      return row === undefined
        ? undefined
        : { row, rulebook: await Rulebook.load(row.version, row.document) };
    },
    activate: async (version, assets) => {
      const done = await dbTransaction(pool, async (client) => {
        const first = await setActive(client, version, assets, clock.now());
        if (first)
          await appendEvents(
            client,
            [{ type: 'rulebook.effective', platformId: null, data: { version } }],
            clock.now(),
          );
        return first;
      });
      await refresh();
      return done;
    },
    complete: async (version, assets) => {
      await addAssets(pool, version, assets);
      await refresh();
    },
  };
}

async function load(pool: Pool, version: number): Promise<Rulebook> {
  const row = await selectVersion(pool, version);
  if (row === undefined) throw new Error('the network has no rulebook in force');
  return Rulebook.load(row.version, row.document, new Map(Object.entries(row.assets ?? {})));
}
