// How the rules' verdict on an operation reads in an answer: for quotes and for dry runs of
// transfers and redemptions.

import { type Static, Type } from 'typebox';
import type { Asset, Preview } from '../../ledger/ledger.ts';
import type { Applied } from '../../valuation/valuation.ts';
import { toPoints } from '../../views/points.ts';
import { textOf } from '../../views/details.ts';
import { problemBody } from '../../http/answer-problem.ts';
import { Points } from '../../views/schemas.ts';

export const Explanation = Type.Array(
  Type.Object({
    item: Type.String({ description: 'Item of the rulebook, such as rules/standard_fee.' }),
    kind: Type.String({
      description: 'value, rate, fee, bonus, limit, deny, review, earn or reward.',
    }),
    effect: Type.String({ description: 'What it did.' }),
  }),
  { description: 'Every rule that applied, in order.' },
);

export const DryRun = Type.Optional(
  Type.Boolean({
    description:
      'True: nothing is posted; the answer tells what would happen and which rules apply.',
  }),
);

export const DryRunAnswer = Type.Object({
  dry_run: Type.Literal(true),
  would_succeed: Type.Boolean(),
  status: Type.String({
    description:
      'What the answer would say: completed, pending (where platforms are asked), ' +
      'pending_review or refused.',
  }),
  receiver: Type.Optional(
    Type.Literal('not_checked', {
      description:
        'Of a transfer to another platform: whether its user exists is told by a transfer only.',
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
      { additionalProperties: true, description: 'Why it would be refused (RFC 9457).' },
    ),
  ),
});

export type DryRunView = Static<typeof DryRunAnswer>;

export function explanationOf(applied: readonly Applied[]): Static<typeof Explanation> {
  return applied.map(({ item, kind, effect }) => ({ item, kind, effect }));
}

/** How a transfer stands that is not posted at once, by the kind of its leg. */
const UNFINISHED: Readonly<Record<string, string>> = {
  hold: 'pending_review',
  authorise: 'pending',
};

/** `target` is absent where nothing is converted. */
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
    // Of what waits for an operator the terms are those of the moment in which it passes.
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
