// Versions and proposals of the rulebook, and their changes, as the API shows them.

import { Type, type Static } from 'typebox';
import { type Problem } from '../kernel/problem.ts';
import { formatMoment } from '../kernel/time.ts';
import {
  describeChange,
  type Change,
  type Proposal,
  type VersionRow,
} from '../valuation/valuation.ts';
import { Success } from './schemas.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/**
 * A whole rulebook. HTTP neither checks nor shapes it, because the valuation module knows its form.
 */
export const DocumentView = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
  description:
    'A whole rulebook: settings, values, platforms, categories, rules, earn and rewards. See ' +
    'docs/rules.md.',
});
/** Fields that list the changes of a rulebook, for programs and for people. */
export const ChangesView = {
  changes: Type.Array(
    Type.Object({
      item: Type.String({
        description:
          'settings, values, platforms/<id>, categories/<name>, rules/<id>, earn/<id> or ' +
          'rewards/<platform>/<id>.',
      }),
      before: Type.Unsafe<unknown>({ description: 'Null if the item did not exist.' }),
      after: Type.Unsafe<unknown>({ description: 'Null if the item is removed.' }),
    }),
  ),
  lines: Type.Array(Type.String(), {
    description: 'The same changes as text for people, field by field.',
  }),
};

/** Shows changes of a rulebook, for programs and for people. */
export function describeChanges(changes: readonly Change[]) {
  return {
    changes: changes.map(({ item, before, after }) => ({ item, before, after })),
    lines: changes.flatMap(describeChange),
  };
}

const versionFields = {
  version: Type.Integer(),
  state: Type.String({ enum: ['scheduled', 'in_force', 'past'] }),
  author: Type.String({
    description: 'The operator who proposed it; `onboarding` for one that takes a platform in.',
  }),
  proposal_id: NullableText,
  created_at: Type.String(),
  effective_at: Type.String({ description: 'The time at which it takes effect as planned.' }),
  activated_at: Type.Union([Type.String(), Type.Null()], {
    description: 'The time at which it took effect.',
  }),
};
/** A version of the rulebook without its document. */
export const VersionView = Type.Object(versionFields);
/** A version of the rulebook with its document. */
export const VersionWithDocument = Type.Object({ ...versionFields, document: DocumentView });

/** A page of versions. */
export const VersionsView = Type.Object({
  versions: Type.Array(VersionView),
  next_before: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The `before` of the next page; null at the end.',
  }),
});

function describeVersion(
  row: Omit<VersionRow, 'document' | 'assets'>,
  inForce: number,
): Static<typeof VersionView> {
  return {
    version: row.version,
    state: row.activatedAt === null ? 'scheduled' : row.version === inForce ? 'in_force' : 'past',
    author: row.author,
    proposal_id: row.proposalId,
    created_at: formatMoment(row.createdAt),
    effective_at: formatMoment(row.effectiveAt),
    activated_at: formatMoment(row.activatedAt),
  };
}

/** Shows a version with its document. */
export function describeVersionWithDocument(
  row: VersionRow,
  inForce: number,
): Static<typeof VersionWithDocument> {
  return { ...describeVersion(row, inForce), document: { ...row.document } };
}

/** Shows a page of versions. `rows` has one more than `limit` if there is a next page. */
export function describeVersions(
  rows: readonly Omit<VersionRow, 'document' | 'assets'>[],
  limit: number,
  inForce: number,
): Static<typeof VersionsView> {
  const page = rows.slice(0, limit);
  return {
    versions: page.map((row) => describeVersion(row, inForce)),
    next_before: rows.length > limit ? (page.at(-1)?.version ?? null) : null,
  };
}

const proposalFields = {
  proposal_id: Type.String(),
  state: Type.String({ enum: ['open', 'approved', 'rejected', 'withdrawn'] }),
  made_by: Type.String(),
  made_at: Type.String(),
  reason: Type.String(),
  base_version: Type.Integer({
    description: 'The version that was approved last when it was made.',
  }),
  items: Type.Array(Type.String(), { description: 'The items that it changes.' }),
  effective_at: Type.Union([Type.String(), Type.Null()], {
    description: 'The time from which the change is wanted; null for the end of its notice period.',
  }),
  urgent: Type.Boolean({ description: 'Without a notice period.' }),
  decided_by: NullableText,
  decided_at: NullableText,
  decision_reason: NullableText,
  version: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The version that it became.',
  }),
};
/** A proposal without its changes. */
export const ProposalView = Type.Object(proposalFields);
/** A proposal with its changes. */
export const ProposalWithChanges = Type.Object({ ...proposalFields, ...ChangesView });

/** Shows a proposal without its changes. */
export function describeProposal(row: Proposal): Static<typeof ProposalView> {
  return {
    proposal_id: row.proposalId,
    state: row.state,
    made_by: row.madeBy,
    made_at: formatMoment(row.madeAt),
    reason: row.reason,
    base_version: row.baseVersion,
    items: row.changes.map(({ item }) => item),
    effective_at: formatMoment(row.effectiveAt),
    urgent: row.urgent,
    decided_by: row.decidedBy,
    decided_at: formatMoment(row.decidedAt),
    decision_reason: row.decisionReason,
    version: row.version,
  };
}

/** A proposal with its changes, and the obstacle to its approval now. */
export const ProposalNowView = Type.Object({
  ...ProposalWithChanges.properties,
  obstacle: Type.Union([Type.Object({ code: Type.String(), detail: Type.String() }), Type.Null()], {
    description: 'For an open proposal: why its changes do not fit the version approved last.',
  }),
});
/** A proposal after its approval. */
export const ApprovedProposalView = Type.Object({
  ...proposalFields,
  in_force: Type.Boolean({
    description: 'True when its version is in force in every running process.',
  }),
});
/** A change that was checked but not proposed. */
export const ValidChangeView = Type.Object({ valid: Success, ...ChangesView });

/** Shows a proposal with its changes. */
export function describeProposalWithChanges(row: Proposal): Static<typeof ProposalWithChanges> {
  return { ...describeProposal(row), ...describeChanges(row.changes) };
}

/** Shows a proposal after its approval. */
export function describeApprovedProposal(
  row: Proposal,
  inForce: boolean,
): Static<typeof ApprovedProposalView> {
  return { ...describeProposal(row), in_force: inForce };
}

/** Shows a proposal with the obstacle to its approval now. */
export function describeProposalNow(
  row: Proposal,
  obstacle: Problem | undefined,
): Static<typeof ProposalNowView> {
  return {
    ...describeProposalWithChanges(row),
    obstacle: obstacle === undefined ? null : { code: obstacle.code, detail: obstacle.detail },
  };
}
