// Every failure a ledger command can expect, in order of precedence.

import { defineProblems } from '../kernel/problem.ts';

export const ledgerProblems = defineProblems({
  unavailable: {
    status: 503,
    error: 'Temporarily unavailable',
    retryable: true,
    advice: 'Repeat the request with the same idempotency key; it can take effect only once.',
  },
  overloaded: {
    status: 503,
    error: 'Too many requests in progress',
    retryable: true,
    advice: 'Wait a moment, then repeat the request with the same idempotency key.',
  },
  idempotency_key_reused: {
    status: 422,
    error: 'Idempotency key reused',
    advice:
      'Use a new Idempotency-Key for a new operation, or repeat the first request unchanged ' +
      'to get its result again.',
  },
  signature_used: {
    status: 409,
    error: 'Signature used',
    advice:
      'This X-Signature stands for an operation that was posted under another key. Sign the ' +
      'request anew ' +
      'and put `idempotency_key` into its body, which every posting operation takes, or sign ' +
      'by RFC 9421.',
  },
  transaction_not_found: {
    status: 404,
    error: 'Transaction not found',
    advice: 'Check the transaction_id; a platform sees only transactions that concern it.',
  },
  not_reversible: {
    status: 409,
    error: 'Not reversible',
    advice: 'Only earn, transfer, redeem and capture can be reversed; release a hold instead.',
  },
  already_reversed: {
    status: 409,
    error: 'Already reversed',
    advice: 'Name at most the amount that is left to reverse.',
  },
  transaction_disputed: {
    status: 409,
    error: 'Transaction disputed',
    advice:
      'While a dispute over it is open, only that decides: withdraw the dispute, or wait for ' +
      'its end.',
  },
  not_whole_units: {
    status: 409,
    error: 'Not a whole number of units',
    advice:
      'A redemption is given back in whole units: each that comes back ends one unit of a ' +
      'voucher. Name one of the amounts in `amounts`, or a `quantity`.',
  },
  transfer_final: {
    status: 409,
    error: 'Transfer is final',
    advice:
      'Ask the target platform for it with POST /api/transactions/{transaction_id}/recall, or ' +
      'open a dispute.',
  },
  recall_exceeds_unspent: {
    status: 409,
    error: 'More than can be recalled',
    advice:
      'A source recalls alone only what the receiver has neither spent nor set aside. Name at ' +
      'most `recallable`, or ask the target platform with POST ' +
      '/api/transactions/{transaction_id}/recall.',
  },
  connected_platform: {
    status: 409,
    error: 'The platform keeps its points itself',
    advice:
      "Do this in the platform's own system; over the network its points can be transferred " +
      'to and from other platforms.',
  },
  whole_reversal_only: {
    status: 409,
    error: 'Only whole reversals',
    advice:
      'A transfer over a platform that keeps its points itself is reversed as a whole: leave ' +
      '`amount` out, or correct a part by an adjustment.',
  },
  transfer_pending: {
    status: 409,
    error: 'Transfer still under way',
    retryable: true,
    advice:
      'Wait until the transfer is completed; its status is at GET ' +
      '/api/transactions/{transaction_id}.',
  },
  hold_not_found: {
    status: 404,
    error: 'Hold not found',
    advice: 'Check the hold_id; a platform sees only its own holds.',
  },
  hold_resolved: {
    status: 409,
    error: 'Hold already resolved',
    advice: 'A hold is captured, released or expired once; create a new hold.',
  },
  hold_expired: {
    status: 409,
    error: 'Hold expired',
    advice: 'Create a new hold; the points of this one are available again.',
  },
  capture_exceeds_hold: {
    status: 400,
    error: 'Capture exceeds hold',
    advice: 'Capture at most the held amount.',
  },
  invalid_expiry: {
    status: 400,
    error: 'Invalid expiry',
    advice: 'Give a time that lies in the future and within the allowed range.',
  },
  same_account: {
    status: 400,
    error: 'Source and target are the same',
    advice: 'Name another member or another platform as the target.',
  },
  amount_too_small: {
    status: 400,
    error: 'Amount too small',
    advice: 'At this rate nothing would be credited; move a larger amount.',
  },
  insufficient_balance: {
    status: 400,
    error: 'Insufficient balance',
    advice: 'Ask for the balance and use at most its `available` part.',
  },
  balance_limit: {
    status: 400,
    error: 'Balance limit exceeded',
    advice: 'A member can hold at most 10^15 minor units on one platform.',
  },
  counter_limit: {
    status: 409,
    error: 'Counter limit reached',
    advice:
      'An account of the platform has counted all it can; ask the operator to continue the ' +
      'platform under a new id.',
  },
  clawback_refused: {
    status: 409,
    error: 'Points already spent',
    advice:
      'The platform does not take back points that are spent; reverse at most what is still ' +
      'available.',
  },
  reward_not_available: {
    status: 400,
    error: 'Reward not available',
    advice: 'Choose another reward or a smaller quantity.',
  },
  platform_not_sending: {
    status: 409,
    error: 'Platform does not send',
    advice:
      'The operator of the network has stopped conversions out of this platform; its points ' +
      'can still be used within it. Try again after the platform has settled with the ' +
      'network.',
  },
  platform_not_receiving: {
    status: 409,
    error: 'Platform does not receive',
    advice:
      'The operator of the network has stopped conversions into this platform; choose another ' +
      'target platform or try again later.',
  },
  insufficient_reserve: {
    status: 400,
    error: 'Insufficient platform reserve',
    advice:
      'The platform has reached its net debit cap. Points that come in and windows that it ' +
      'settles make room; an operator raises the cap with `pontis reserve cap <platform_id> ' +
      '<amount>`, or, where it follows the prefund, with `pontis reserve deposit`, and ' +
      'another operator approves it.',
  },
  insufficient_prefund: {
    status: 409,
    error: 'Insufficient prefund',
    advice: 'Take at most what the platform has prefunded, or let it deposit first.',
  },
  cap_below_use: {
    status: 409,
    error: 'Cap below present use',
    advice: 'Set a cap that is at least what is in use.',
  },
});
