// POST /api/points/reverse: reverses a posted transaction, all of it or a part.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import {
  bucketOf,
  deriveTransactionId,
  formatId,
  parseId,
  type MemberId,
  type PlatformId,
} from '../../kernel/ids.ts';
import { refuse } from '../../kernel/problem.ts';
import { ledgerProblems, type Ledger, type Outcome } from '../../ledger/ledger.ts';
import { concerns } from '../../views/transaction.ts';
import { AMOUNT_PROBLEMS, readOptionalAmount } from '../amounts.ts';
import { answerOutcome, defineOperation } from '../define-operation.ts';
import { Amount, Quantity, Reference, TransactionIdText, VoucherCodes } from '../schemas.ts';
import { closed, Success, text } from '../../views/schemas.ts';

export const reverse = defineOperation({
  kind: 'reverse',
  url: '/api/points/reverse',
  summary: 'Reverse a transaction',
  description:
    'Earn, transfer, redeem and capture can be reversed, in parts up to the whole amount. The ' +
    'lots that they used are restored with their last days. A redeem is returned in whole ' +
    'units, by `amount`, by `quantity` or by `vouchers`. Each unit ends one unit of a voucher; ' +
    'when none is named, of the last usable voucher. Units that were handed over cannot be ' +
    'returned. A redeem that is returned completely is cancelled. A transfer between platforms ' +
    'is final: for a short time its source can take back unspent points alone; later it asks ' +
    'for a recall or opens a dispute. Points that are already spent follow the clawback policy ' +
    'of the platform that issued them: `debt` (the balance goes negative), `available`, or ' +
    '`refuse`. Points that have lapsed are not taken again: they come from the expired points. ' +
    'Parts are rounded against the side that keeps the rest, and their sum is exactly the ' +
    'whole.',
  params: closed({}),
  body: closed({
    transaction_id: TransactionIdText,
    amount: Type.Optional(Amount),
    quantity: Type.Optional(Quantity),
    vouchers: Type.Optional(VoucherCodes),
    reason: text(256, 'The reason; kept with the reversal. Do not put personal data here.'),
    reference: Type.Optional(Reference),
  }),
  answer: Type.Object({
    success: Success,
    transaction_id: Type.String({ description: 'The id of the reversal.' }),
    ended_vouchers: Type.Optional(
      Type.Array(
        Type.Object({
          code: Type.String(),
          quantity: Type.Integer({ description: 'Units of the code that ended.' }),
        }),
        { description: 'For a redeem: the vouchers that ended with it.' },
      ),
    ),
  }),
  problems: [
    ...AMOUNT_PROBLEMS,
    'transaction_not_found',
    'not_reversible_by_you',
    'not_reversible',
    'already_reversed',
    'transaction_disputed',
    'transfer_final',
    'transfer_pending',
    'recall_open',
    'recall_exceeds_unspent',
    'whole_reversal_only',
    'clawback_refused',
    'connected_platform',
    'not_whole_units',
    'voucher_not_found',
    'voucher_used',
    'voucher_returned',
    'vouchers_mismatch',
    'redemption_expired',
    'hold_resolved',
  ],
  async post({ ledger, rewards, disputes, recalls, log }, { platform, points }, fields, key) {
    if (fields.amount !== undefined && fields.quantity !== undefined) {
      return refuse(
        apiProblems.invalid_field('Give amount or quantity, not both.', { field: 'quantity' }),
      );
    }
    const amount = readOptionalAmount(fields.amount, points);
    if (!amount.ok) return amount;
    const transactionId =
      parseId('txn', fields.transaction_id) ?? parseId('rdm', fields.transaction_id);
    const legs = transactionId === undefined ? [] : await ledger.findTransaction(transactionId);
    const first = legs[0];
    if (transactionId === undefined || first === undefined || !concerns(legs, points)) {
      return refuse(ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }));
    }
    if (first.assetId !== points.assetId) return refuse(apiProblems.not_reversible_by_you());
    const { reason, reference, vouchers } = fields;
    const quantity = fields.quantity === undefined ? undefined : BigInt(fields.quantity);
    // The reward may have been handed over already, so its redemption is asked first.
    const redeemed = await rewards.reverse(first, platform.platformId, {
      ...key,
      amount: amount.value,
      quantity,
      vouchers,
      reason,
      reference,
    });
    if (redeemed === undefined && (quantity !== undefined || vouchers !== undefined)) {
      const field = quantity === undefined ? 'vouchers' : 'quantity';
      return refuse(
        apiProblems.invalid_field('Only a redeem of a reward has units and vouchers.', { field }),
      );
    }
    // Across platforms the source acts alone only for a while, and only while no recall or dispute
    // concerns the transfer. A result that was posted under this key is returned again.
    const across = first.kind === 'conversion' || first.kind === 'authorise';
    const within = first.kind === 'transfer';
    const isFirst =
      (across || within) && !(await isPosted(ledger, platform.platformId, first.memberId, key.key));
    const bar = across && isFirst ? await recalls.barToTakingAlone(transactionId) : undefined;
    if (bar !== undefined) return refuse(bar);
    const submit = (): Promise<Outcome> =>
      ledger.submit({
        kind: 'reverse',
        platformId: platform.platformId,
        memberId: first.memberId,
        ...key,
        transactionId,
        amount: amount.value,
        reason,
        reference,
        details: { reverses: first.kind },
      });
    const outcome =
      redeemed ??
      (within && isFirst
        ? await disputes.reverseWithin(first, amount.value, submit)
        : await submit());
    if (outcome.ok && within) {
      // The reversal is posted whatever happens here; if this fails, a loop does it later.
      await disputes
        .noteReversed(transactionId)
        .catch((error: unknown) => log.warn({ err: error }, 'disputes learn of a reversal later'));
    }
    const ended = redeemed?.ok === true ? await rewards.endedBy(redeemed.transaction) : undefined;
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      transaction_id: formatId('txn', transaction.transactionId),
      ...(ended === undefined
        ? {}
        : { ended_vouchers: ended.map(({ code, units }) => ({ code, quantity: Number(units) })) }),
    }));
  },
});

async function isPosted(
  ledger: Ledger,
  platformId: PlatformId,
  memberId: MemberId,
  key: string,
): Promise<boolean> {
  const posted = await ledger.findTransaction(
    deriveTransactionId(bucketOf(memberId, ledger.bucketCount()), platformId, memberId, key),
  );
  return posted.length > 0;
}
