// How operations about the rulebook name a change, a proposal, a version and a time.

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
    'Sections with only the items that change, each whole; null takes an item out. Fields of ' +
    'settings and values may be given one by one.',
});

/** How a request says what is to change. */
export const changeFields = { document: Type.Optional(DocumentView), patch: Type.Optional(Patch) };
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

/** A time in a request; its form is checked by the schema. */
export function momentOf(given: string | undefined, field: string): Result<number | undefined> {
  if (given === undefined) return ok(undefined);
  const atMs = parseMoment(given);
  return atMs === undefined
    ? refuse(apiProblems.invalid_field(`${field} is not a time that exists.`, { field }))
    : ok(atMs);
}

export const Reason = text(500, 'Why; kept in the history.');
export const DecisionBody = closed({ reason: Type.Optional(Reason) });
export const ProposalParams = closed({
  proposal_id: Type.String({ maxLength: 64, description: 'A proposal_id that this API answered.' }),
});
/** A number that PostgreSQL can compare with. */
export const VersionNumber = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
