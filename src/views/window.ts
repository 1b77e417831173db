// How operators see settlement windows: the schemas that the operations on them share.

import { Type } from 'typebox';
import { ACT_KINDS, WINDOW_STATES } from '../clearing/settlement/settlement.ts';
import { closed } from './schemas.ts';

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const Money = Type.Number({
  description: 'In the settlement currency; negative for what is owed or paid.',
});

export const WindowParams = closed({
  window_id: Type.Integer({
    minimum: 1,
    maximum: 2 ** 31 - 1,
    description: 'Windows are numbered from 1.',
  }),
});
export const WindowStateText = Type.Enum([...WINDOW_STATES], {
  description:
    'open, closed (figures are final), proposed (waits for another operator), settling (being ' +
    'paid), aborting (what was taken is being given back), settled.',
});

const head = {
  window_id: Type.Integer(),
  state: WindowStateText,
  opened_at: Type.String({ description: 'RFC 3339.' }),
  closed_at: Nullable('RFC 3339.'),
  closed_by: Nullable('An operator, or `schedule`.'),
  counted_at: Nullable(
    'When its pairs had been counted and compared with its nets; until then it cannot be settled.',
  ),
  mismatch: Nullable(
    'What does not agree between nets and pairs; such a window cannot be settled.',
  ),
  proposed_by: Nullable('The operator who said how it is to be paid.'),
  proposed_at: Nullable('RFC 3339.'),
  approved_by: Nullable('The other operator who confirmed it.'),
  approved_at: Nullable('RFC 3339.'),
  settled_at: Nullable('When the last obligation was paid.'),
};
export const WindowHead = Type.Object(head);

export const PartView = Type.Object({
  amount: Money,
  from: Type.String({ description: 'prefund or outside.' }),
  bank_reference: Nullable('Of a payment outside of the network.'),
  transaction_id: Nullable('In the ledger.'),
  paid_at: Nullable('RFC 3339.'),
});

export const ActView = Type.Object({
  act_id: Type.String(),
  kind: Type.Enum([...ACT_KINDS], {
    description:
      'leave_out: nets again without the platform; abort: gives back what was taken; ' +
      'take_back: stops what is not paid.',
  }),
  participants: Type.Array(Type.String(), {
    description: "Who is left out; whose obligations are taken back, everybody's when empty.",
  }),
  reason: Type.String(),
  state: Type.Enum(['open', 'approved', 'withdrawn']),
  proposed_by: Type.String(),
  proposed_at: Type.String({ description: 'RFC 3339.' }),
  decided_by: Nullable('Another operator for approved.'),
  decided_at: Nullable('RFC 3339.'),
});

export const WindowView = Type.Object({
  ...head,
  currency: Type.String(),
  nets: Type.Array(
    Type.Object({
      participant: Type.String({
        description: 'A platform, or `@network` for what rounding left over.',
      }),
      opening_position: Money,
      net: Money,
      paid_meanwhile: Money,
      closing_position: Money,
    }),
    { description: 'opening + net + paid meanwhile = closing; all nets sum to zero.' },
  ),
  pairs: Type.Array(
    Type.Object({
      source_platform: Type.String(),
      target_platform: Type.String(),
      kind: Type.String({
        description: 'conversion, reverse, or adjust for corrections that the source pays for.',
      }),
      transactions: Type.Integer(),
      amount: Type.Number({ description: 'Points of the source.' }),
      credited_amount: Type.Number({ description: 'Points of the target.' }),
      owed: Type.Number({ description: 'What the source owes.' }),
      due: Type.Number({ description: 'What the target is due.' }),
    }),
  ),
  disputed: Type.Array(
    Type.Object({
      transaction_id: Type.String(),
      effect: Type.String({ description: 'left_out of this window, or came_back into it.' }),
      source_platform: Type.String(),
      target_platform: Type.String(),
      amount: Type.Number({ description: 'Points of the source.' }),
      source_money: Money,
      target_money: Money,
    }),
  ),
  carried_over: Type.Array(
    Type.Object({
      window_id: Type.Integer({ description: 'Where it was subtracted.' }),
      to_window_id: Type.Integer({ description: 'Where it was added.' }),
      left_out: Type.String({ description: 'The platform that could not pay.' }),
      participant: Type.String(),
      basis: Type.String(),
      amount: Money,
    }),
    {
      description:
        'What went over out of this window or came over into it when a platform was left out; ' +
        'of one platform it sums to zero.',
    },
  ),
  acts: Type.Array(ActView, {
    description: 'What operators proposed besides paying it, oldest first.',
  }),
  change_proposed_by: Nullable(
    'The operator who proposed to change how something of a window that is being paid is ' +
      'paid; it waits for another one.',
  ),
  obligations: Type.Array(
    Type.Object({
      participant: Type.String(),
      basis: Type.String({
        description: '`net`, or `source>target` of a pair that is settled gross.',
      }),
      amount: Type.Number({ description: 'What the participant is paid (positive) or pays.' }),
      paid: Type.Number({
        description:
          'What of it is paid, with the same sign; while a window is aborted, what is left to ' +
          'be given back.',
      }),
      parts: Type.Array(PartView, { description: 'Its payments, in order.' }),
      proposed_at: Type.String({ description: 'RFC 3339.' }),
      state: Type.String({
        description:
          'proposed (waits for another operator), approved, held (taken back; propose it ' +
          'again) or paid.',
      }),
      from: Type.String({ description: 'prefund or outside.' }),
      bank_reference: Nullable('Of a payment outside of the network.'),
      proposed_by: Type.String(),
      approved_by: Nullable('Another operator.'),
      problem: Nullable('Why the ledger refused it when it was tried last; it is tried again.'),
      transaction_id: Nullable('Once paid.'),
      paid_at: Nullable('RFC 3339.'),
    }),
  ),
});
