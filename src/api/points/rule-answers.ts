// Shows the rules' verdict on an operation, in quotes and in dry runs of transfers and redemptions.

import { type Static, Type } from 'typebox';
import type { Asset, Preview } from '../../ledger/ledger.ts';
import type { Applied } from '../../valuation/valuation.ts';
import { toPoints } from '../../views/points.ts';
import { textOf } from '../../views/details.ts';
import { problemBody } from '../../http/answer-problem.ts';
import { Points } from '../../views/schemas.ts';

/** The rules that applied, in an answer. */
export const Explanation = Type.Array(
  Type.Object({
    item: Type.String({ description: 'The item of the rulebook, such as rules/standard_fee.' }),
    kind: Type.String({
      description: 'value, rate, fee, bonus, limit, deny, review, earn or reward.',
    }),
    effect: Type.String({ description: 'Its effect on this operation.' }),
  }),
  { description: 'Every rule that applied, in order.' },
);

/** The field `dry_run` of an operation. */
export const DryRun = Type.Optional(
  Type.Boolean({
    description: 'True: nothing is posted; the answer shows the result and the rules that apply.',
  }),
);

/** The answer of a dry run. */
export const DryRunAnswer = Type.Object({
  dry_run: Type.Literal(true),
  would_succeed: Type.Boolean(),
  status: Type.String({
    description:
      'The status that the operation would have: completed, pending (connected platforms are ' +
      'asked), pending_review or refused.',
  }),
  receiver: Type.Optional(
    Type.Literal('not_checked', {
      description:
        'For a transfer to another platform: only a real transfer checks whether the receiver ' +
        'exists.',
    }),
  ),
  amount: Points,
  rate: Type.Optional(Type.String()),
  fee: Type.Optional(Points),
  target_fee: Type.Optional(Points),
  bonus: Type.Optional(Points),
  credited_amount: Type.Optional(Points),
  rulebook_version: Type.Integer(),
  explanation: Explanation,
  problem: Type.Optional(
    Type.Object(
      {},
      { additionalProperties: true, description: 'The problem of the refusal (RFC 9457).' },
    ),
  ),
});

/** The answer of a dry run, as a type. */
export type DryRunView = Static<typeof DryRunAnswer>;

/** The rules that applied, in order. */
export function explanationOf(applied: readonly Applied[]): Static<typeof Explanation> {
  return applied.map(({ item, kind, effect }) => ({ item, kind, effect }));
}

/** The status of a transfer that is not posted at once, by the kind of its leg. */
const UNFINISHED: Readonly<Record<string, string>> = {
  hold: 'pending_review',
  authorise: 'pending',
};

/**
 * Describes a dry run. `amount` is in minor units of `source`; `target` is undefined if nothing is
 * converted.
 */
export function dryRunView(
  { problem, leg, applied, rulebookVersion }: Preview,
  amount: bigint,
  source: Asset,
  target: Asset | undefined,
  instance: string,
): DryRunView {
  const inTarget = (minor: bigint | undefined): number | undefined =>
    target === undefined || minor === undefined ? undefined : toPoints(minor, target);
  const converts = leg?.kind === 'conversion' || leg?.kind === 'authorise';
  const extra = (name: string): bigint | undefined =>
    converts ? BigInt(textOf(leg.details ?? null, name) ?? '0') : undefined;
  const optional = {
    rate: leg?.rate,
    fee: leg?.fee === undefined ? undefined : toPoints(leg.fee, source),
    target_fee: inTarget(extra('target_fee')),
    bonus: inTarget(extra('bonus')),
    // A transfer that waits for an operator gets the terms of the moment when it is approved.
    credited_amount: inTarget(
      converts ? leg.credited : leg?.kind === 'transfer' ? leg.amount : undefined,
    ),
  };
  return {
    dry_run: true,
    would_succeed: problem === undefined,
    status: problem !== undefined ? 'refused' : (UNFINISHED[leg?.kind ?? ''] ?? 'completed'),
    amount: toPoints(amount, source),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    rulebook_version: rulebookVersion,
    explanation: explanationOf(applied),
    ...(problem === undefined ? {} : { problem: problemBody(problem, instance, '') }),
  };
}
