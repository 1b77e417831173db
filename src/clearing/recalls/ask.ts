// Asks for a recall: what may be asked for is checked under the lock that disputes over the
// transaction take as well.

import { hash } from 'node:crypto';
import { formatAmount } from '../../kernel/amount.ts';
import { bucketOf, bucketOfTransaction, deriveTransactionId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { DAY_MS } from '../../kernel/time.ts';
import { ledgerProblems, getAsset, type Ledger, type PostedLeg } from '../../ledger/ledger.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { creditedFor, findMoved, isKeptHere, lockDisputed } from '../disputes/disputes.ts';
import { recallProblems } from './problems.ts';
import { reversalKey } from './reversal.ts';
import { insertRecall, insertRecallStep, selectRecall, sumAskedFor, sumDisputed } from './store.ts';
import { describeEvents, type RecallParts } from './take-step.ts';
import type { NewRecall, Recall, RecallParty } from './types.ts';

const DEFAULT_ANSWER_DAYS = 7;

export interface AskedRecall {
  readonly recall: Recall;
  readonly replayed: boolean;
}

export async function askForRecall(
  parts: RecallParts,
  wanted: NewRecall,
): Promise<Result<AskedRecall>> {
  const { pool, clock, ledger } = parts;
  const found = await readRecallable(ledger, wanted);
  if (!found.ok) return found;
  const { leg, source, target } = found.value;
  const about = {
    bucket: bucketOfTransaction(wanted.transactionId),
    transactionId: wanted.transactionId,
  };
  const recallId = deriveTransactionId(
    about.bucket,
    source.platformId,
    source.memberId,
    `recall ${wanted.key}`,
  );
  const fingerprint = hash(
    'sha256',
    JSON.stringify([wanted.transactionId, wanted.reason, wanted.amount?.toString() ?? null]),
  );
  const replay = (known: Recall): Result<AskedRecall> =>
    known.fingerprint === fingerprint
      ? ok({ recall: known, replayed: true })
      : refuse(ledgerProblems.idempotency_key_reused());
  const known = await selectRecall(pool, about.bucket, recallId);
  if (known !== undefined) return replay(known);
  return dbTransaction(pool, async (client): Promise<Result<AskedRecall>> => {
    await lockDisputed(client, about);
    const meanwhile = await selectRecall(client, about.bucket, recallId);
    if (meanwhile !== undefined) return replay(meanwhile);
    const reversed = await ledger.getReversed(leg.transactionId, client);
    if (reversed >= leg.amount) return refuse(ledgerProblems.already_reversed());
    const left =
      leg.amount -
      reversed -
      (await sumDisputed(client, about)) -
      (await sumAskedFor(client, about));
    const amount = wanted.amount ?? left;
    if (amount <= 0n || amount > left) {
      const recallable = formatAmount(left > 0n ? left : 0n, getAsset(ledger, leg.assetId).scale);
      return refuse(recallProblems.recall_exceeds_rest(undefined, { recallable }));
    }
    if (
      amount !== leg.amount &&
      !(isKeptHere(ledger, source.platformId) && isKeptHere(ledger, target.platformId))
    ) {
      return refuse(ledgerProblems.whole_reversal_only());
    }
    const nowMs = clock.now();
    const recall: Recall<'asked'> = {
      ...about,
      recallId,
      fingerprint,
      source,
      target,
      amount,
      credited: creditedFor(leg, amount),
      reason: wanted.reason,
      state: 'asked',
      dueAtMs:
        nowMs +
        (parts.valuation.rulebook().document.settings.recall_answer_days ?? DEFAULT_ANSWER_DAYS) *
          DAY_MS,
      resolutionId: deriveTransactionId(
        bucketOf(source.memberId, ledger.bucketCount()),
        source.platformId,
        source.memberId,
        reversalKey(recallId),
      ),
      problem: null,
      askedAtMs: nowMs,
      changedAtMs: nowMs,
      revision: 1,
    };
    const written = await insertRecall(client, recall);
    const who = { actor: 'platform', id: wanted.platformId } as const;
    await insertRecallStep(client, written, {
      takenAtMs: nowMs,
      who,
      action: 'ask',
      stateBefore: null,
      stateAfter: 'asked',
      text: wanted.reason,
    });
    await appendEvents(client, describeEvents('recall.asked', written, ledger), nowMs);
    return ok({ recall: written, replayed: false });
  });
}

interface Recallable {
  readonly leg: PostedLeg;
  readonly source: RecallParty;
  readonly target: RecallParty;
}

async function readRecallable(
  ledger: Ledger,
  { transactionId, platformId }: NewRecall,
): Promise<Result<Recallable>> {
  const [named] = await ledger.findTransaction(transactionId);
  const source = named === undefined ? null : (ledger.assetById(named.assetId)?.platformId ?? null);
  const targetAsset =
    named === undefined || named.targetAssetId === null
      ? undefined
      : ledger.assetById(named.targetAssetId);
  const target = targetAsset?.kind === 'points' ? targetAsset.platformId : null;
  if (named === undefined || source === null || (platformId !== source && platformId !== target)) {
    return refuse(ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }));
  }
  if (platformId !== source) return refuse(recallProblems.not_your_recall());
  if (target === null || (named.kind !== 'conversion' && named.kind !== 'authorise'))
    return refuse(recallProblems.not_recallable());
  const leg = await findMoved(ledger, transactionId);
  if (leg === undefined) {
    const hold = await ledger.findHold(transactionId);
    return refuse(
      hold?.state === 'held'
        ? ledgerProblems.transfer_pending()
        : recallProblems.not_recallable('It has moved no points.'),
    );
  }
  return ok({
    leg,
    source: { platformId: source, memberId: leg.memberId },
    target: { platformId: target, memberId: leg.counterpartyId ?? leg.memberId },
  });
}
