// POST /operator/rulebook/validate: what a change would do, or all that is wrong with it, without
// proposing it.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { untilLeft } from '../../http/until-left.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { changeFields, changeOf, ValidChangeView } from '../../views/rulebook.ts';

const Body = closed(changeFields, 'Exactly one of document and patch.');

export function postRulebookValidate(server: FastifyInstance, { valuation }: ApiParts): void {
  server.post<{ Body: Static<typeof Body> }>(
    '/operator/rulebook/validate',
    {
      schema: {
        operationId: 'validateRulebook',
        tags: ['operator'],
        summary: 'Check a change without proposing it',
        description:
          'Answers what differs from the version approved last. A refusal lists all `faults`: ' +
          'the place of each and, in a condition, the characters from `start` to just before ' +
          '`end`, counted from 0.',
        body: Body,
        response: { 200: ValidChangeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const change = changeOf(request.body);
      if (!change.ok) return answerProblem(request, reply, change.problem);
      const checked = await untilLeft(reply, (signal) =>
        valuation.proposals.check(change.value, signal),
      );
      if (!checked.ok) return answerProblem(request, reply, checked.problem);
      // As text: the thread has written it already.
      const { changes, lines } = checked.value;
      return reply
        .type('application/json; charset=utf-8')
        .send(`{"valid":true,"changes":${changes},"lines":${lines}}`);
    },
  );
}
