// Defines and reads the fields of requests about the rulebook: a change, a proposal, a version and
// a time.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { parseMoment } from '../../kernel/time.ts';
import type { NewProposal, RulebookPatch } from '../../valuation/valuation.ts';
import { DocumentView } from '../../views/rulebook.ts';
import { closed, text } from '../../views/schemas.ts';

const Patch = Type.Unsafe<RulebookPatch>({
  type: 'object',
  additionalProperties: true,
  description:
    'Sections with only the items that change, each complete; null removes an item. Fields of ' +
    'settings and values may be given alone.',
});

/** The fields of a change: exactly one of them is given. */
export const changeFields = { document: Type.Optional(DocumentView), patch: Type.Optional(Patch) };
/** The change of a request; `invalid_field` if both fields or none are given. */
export function changeOf(body: {
  readonly document?: unknown;
  readonly patch?: RulebookPatch;
}): Result<NewProposal['change']> {
  if ((body.document === undefined) === (body.patch === undefined)) {
    return refuse(
      apiProblems.invalid_field('Give exactly one of document and patch.', {
        field: body.document === undefined ? 'document' : 'patch',
      }),
    );
  }
  return ok(body.patch === undefined ? { document: body.document } : { patch: body.patch });
}

/**
 * Reads a time, in Unix milliseconds; undefined if it is absent. The schema has checked its form;
 * `invalid_field` for a day that does not exist.
 */
export function momentOf(given: string | undefined, field: string): Result<number | undefined> {
  if (given === undefined) return ok(undefined);
  const atMs = parseMoment(given);
  return atMs === undefined
    ? refuse(apiProblems.invalid_field(`${field} is not a time that exists.`, { field }))
    : ok(atMs);
}

/** The reason of a proposal or a decision, at most 500 characters. */
export const Reason = text(500, 'The reason; kept in the history.');
/** Body of a decision on a proposal. */
export const DecisionBody = closed({ reason: Type.Optional(Reason) });
/** Path parameters of a proposal. */
export const ProposalParams = closed({
  proposal_id: Type.String({
    maxLength: 64,
    description: 'A proposal_id from an answer of this API.',
  }),
});
/** The number of a version, within PostgreSQL's integer. */
export const VersionNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
