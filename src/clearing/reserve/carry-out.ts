// Carries out approved requests in the ledger, and keeps caps that follow the prefund in line with
// it. Every step may be repeated after a crash: a deposit is posted before the cap rises, a
// withdrawal only after the cap was lowered. Before this: `requests.ts` approved it.

import {
  bucketOf,
  deriveTransactionId,
  platformOwnerId,
  type MemberId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { formatAmount, formatAmountText, larger } from '../../kernel/amount.ts';
import { assert } from '../../kernel/assert.ts';
import { ok, refuse, type Problem, type Result } from '../../kernel/problem.ts';
import type { Clock } from '../../kernel/time.ts';
import { ledgerProblems, type Ledger, type PlatformMoney } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import { owedByClosedWindows } from '../settlement/settlement.ts';
import { capOf, isNarrowerCap, usedOf } from './cap.ts';
import { describeEffect, describeRequest } from './events.ts';
import { reserveProblems } from './problems.ts';
import {
  dropRequest,
  finishRequest,
  lockReserve,
  reopenRequest,
  selectUnderWay,
  updateShare,
  type ReserveRow,
} from './store.ts';
import type { ReserveRequest } from './types.ts';

export interface CarryOutParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
}

export interface CarryOut {
  /**
   * Carries out approved requests of a platform, in order; a request that the ledger refuses is
   * open again. Returns those refusals by request.
   */
  carryOut(platformId: PlatformId): Promise<ReadonlyMap<string, Problem>>;
  /** Sets a cap that follows the prefund to its share, or as low as its use permits. */
  align(platformId: PlatformId): Promise<void>;
}

export function createCarryOut(parts: CarryOutParts): CarryOut {
  const { pool, ledger } = parts;
  let last: Promise<unknown> = Promise.resolve();

  /**
   * Works alone on a platform's cap and prefund. Its row lock keeps other processes out. Within a
   * process requests take turns, so that connections waiting for the ledger never fill the pool.
   */
  function locked<T>(
    platformId: PlatformId,
    work: (client: DbClient, row: ReserveRow) => Promise<T>,
  ): Promise<T> {
    const turn = last.then(() =>
      dbTransaction(pool, async (client) => work(client, await lockReserve(client, platformId))),
    );
    last = turn.catch(() => undefined);
    return turn;
  }

  const oneMore = (platformId: PlatformId): Promise<CarriedOut | undefined> =>
    locked(platformId, (client, row) => carryOutNext(parts, client, row, platformId));

  return {
    carryOut: async (platformId) => {
      const refused = new Map<string, Problem>();
      for (
        let next = await oneMore(platformId);
        next !== undefined;
        next = await oneMore(platformId)
      ) {
        if (next.problem !== undefined) refused.set(next.request.requestId, next.problem);
      }
      return refused;
    },
    align: (platformId) =>
      locked(platformId, async (client, row) => {
        // A request under way may have lowered the cap for a coming withdrawal.
        if ((await selectUnderWay(client, platformId)).length === 0)
          await alignCap(row.capBasisPoints, platformId, ledger);
      }),
  };
}

interface CarriedOut {
  readonly request: ReserveRequest;
  /** Why it was refused. */
  readonly problem: Problem | undefined;
}

/**
 * Carries out the next approved request and returns its result; undefined when there is none, or
 * when the ledger cannot answer now.
 */
async function carryOutNext(
  parts: CarryOutParts,
  client: DbClient,
  row: ReserveRow,
  platformId: PlatformId,
): Promise<CarriedOut | undefined> {
  const { clock, ledger } = parts;
  const [request] = await selectUnderWay(client, platformId);
  if (request === undefined) return undefined;
  if (
    request.narrows &&
    !isNarrowerCap(wantedOf(request), {
      cap: (await moneyOf(platformId, ledger)).cap,
      basisPoints: row.capBasisPoints,
    })
  ) {
    // The cap was lowered further meanwhile: this request would raise it, so another operator
    // decides.
    const opened = {
      ...request,
      state: 'open' as const,
      decidedBy: null,
      decidedAt: null,
      narrows: false,
    };
    await reopenRequest(client, request.requestId, null);
    await appendEvents(client, [describeRequest('reserve.request_made', opened)], clock.now());
    return { request: opened, problem: undefined };
  }
  const done = await takeEffect(request, row, client, ledger);
  if (!done.ok && done.problem.retryable) return undefined;
  await alignCap(
    done.ok && request.kind === 'cap' ? request.basisPoints : row.capBasisPoints,
    platformId,
    ledger,
  );
  // The feed is locked to the end of the dbTransaction, so nothing is asked of the ledger after
  // this.
  if (done.ok) {
    const carriedOut = {
      ...request,
      carriedOutAt: new Date(clock.now()),
      transactionId: done.value,
    };
    const event = await describeEffect(carriedOut, ledger);
    await finishRequest(client, carriedOut);
    await appendEvents(client, [event], clock.now());
  } else {
    await noteRefusal(client, parts, request, done.problem.code);
  }
  return { request, problem: done.ok ? undefined : done.problem };
}

async function noteRefusal(
  client: DbClient,
  { clock, log }: CarryOutParts,
  request: ReserveRequest,
  code: string,
): Promise<void> {
  log.warn(
    { request_id: request.requestId, platform_id: request.platformId, code: code },
    'an approved request about a reserve was refused by the ledger',
  );
  await (request.narrows ? dropRequest : reopenRequest)(client, request.requestId, code);
  await appendEvents(
    client,
    [
      describeRequest('reserve.request_refused', {
        ...request,
        refusedWith: code,
      }),
    ],
    clock.now(),
  );
}

/** No caller can send this key: a key from a header has no space in it. */
function keyOf({ requestId }: ReserveRequest): string {
  return `reserve request ${requestId}`;
}

function takeEffect(
  request: ReserveRequest,
  row: ReserveRow,
  client: DbClient,
  ledger: Ledger,
): Promise<Result<TransactionId | null>> {
  switch (request.kind) {
    case 'deposit':
      return post(request, ledger);
    case 'withdrawal':
      return takeOut(request, row, client, ledger);
    case 'cap':
      return changeCap(request, client, ledger);
  }
}

function wantedOf({ amount, basisPoints }: ReserveRequest): Parameters<typeof isNarrowerCap>[0] {
  return basisPoints === null ? { amount: amount ?? 0n } : { basisPoints };
}

async function post(request: ReserveRequest, ledger: Ledger): Promise<Result<TransactionId>> {
  const { platformId, amount, requestId, bankReference, madeBy, decidedBy } = request;
  assert(amount !== null, 'a deposit or withdrawal has an amount');
  const outcome = await ledger.submit({
    kind: request.kind === 'deposit' ? 'deposit' : 'withdraw',
    platformId,
    memberId: memberOf(platformId),
    key: keyOf(request),
    amount,
    reference: bankReference ?? undefined,
    details: { request_id: requestId, made_by: madeBy, approved_by: decidedBy },
  });
  return outcome.ok ? ok(outcome.transaction.transactionId) : outcome;
}

/**
 * Keeps the money that closed windows owe. Lowers the cap first, and only then pays the money out.
 */
async function takeOut(
  request: ReserveRequest,
  { capBasisPoints }: ReserveRow,
  client: DbClient,
  ledger: Ledger,
): Promise<Result<TransactionId>> {
  const { platformId, amount } = request;
  assert(amount !== null, 'a withdrawal has an amount');
  const owner = memberOf(platformId);
  const id = deriveTransactionId(
    bucketOf(owner, ledger.bucketCount()),
    platformId,
    owner,
    keyOf(request),
  );
  // Paid out before a crash: the cap already fits what is left.
  if ((await ledger.findTransaction(id)).length > 0) return ok(id);
  // Windows stay as they are until this is paid out.
  const owed = await owedByClosedWindows(client, platformId);
  const { prefund: before } = await moneyOf(platformId, ledger);
  if (owed > 0n && before >= amount && before - amount < owed) {
    const { scale } = ledger.settlementAsset();
    return refuse(
      reserveProblems.prefund_owed(
        `${formatAmountText(before, scale)} are prefunded, and closed windows are owed ` +
          `${formatAmountText(owed, scale)}.`,
        { prefund: formatAmount(before, scale), owed: formatAmount(owed, scale) },
      ),
    );
  }
  if (capBasisPoints !== null) {
    const { prefund, cap } = await moneyOf(platformId, ledger);
    if (prefund < amount) return refuse(ledgerProblems.insufficient_prefund());
    const lower = capOf(prefund - amount, capBasisPoints);
    if (cap === undefined || lower < cap) {
      const lowered = await setCap(platformId, lower, ledger);
      if (!lowered.ok) return lowered;
    }
  }
  return post(request, ledger);
}

async function changeCap(
  { platformId, amount, basisPoints }: ReserveRequest,
  client: DbClient,
  ledger: Ledger,
): Promise<Result<null>> {
  const { prefund } = await moneyOf(platformId, ledger);
  const set = await setCap(
    platformId,
    basisPoints === null ? (amount ?? 0n) : capOf(prefund, basisPoints),
    ledger,
  );
  if (!set.ok) return set;
  await updateShare(client, platformId, basisPoints);
  return ok(null);
}

async function alignCap(
  basisPoints: number | null,
  platformId: PlatformId,
  ledger: Ledger,
): Promise<void> {
  if (basisPoints === null) return;
  const money = await moneyOf(platformId, ledger);
  const wanted = capOf(money.prefund, basisPoints);
  if (wanted === money.cap) return;
  // A cap cannot be lower than its use; what settles or comes in makes room for the next attempt. A
  // refusal here means that use has grown meanwhile.
  const possible = larger(wanted, usedOf(money));
  if (possible !== money.cap) await setCap(platformId, possible, ledger);
}

async function setCap(
  platformId: PlatformId,
  amount: bigint,
  ledger: Ledger,
): Promise<Result<null>> {
  const set = await ledger.setCap({
    ownerId: platformOwnerId(platformId),
    assetId: ledger.settlementAsset().assetId,
    purpose: 'position',
    amount,
  });
  return set.ok ? ok(null) : set;
}

async function moneyOf(platformId: PlatformId, ledger: Ledger): Promise<PlatformMoney> {
  const money = (await ledger.listMoney([platformId])).get(platformId);
  assert(money !== undefined, 'the ledger knows each platform that is asked for');
  return money;
}

/** Rows that move money belong to the platform itself. */
function memberOf(platformId: PlatformId): MemberId {
  return platformOwnerId(platformId) as MemberId;
}
