// POST /api/recalls/{recall_id}/accept, /refuse and /withdraw: the target's answer, or the source's
// change of mind.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { RecallAnswer } from '../../clearing/recalls/recalls.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeRecall, RecallParams, RecallView, RecallWords } from '../../views/recall.ts';

const Body = closed({ description: Type.Optional(RecallWords) });

const answers = {
  accept: {
    operationId: 'acceptRecall',
    summary: 'Accept a recall',
    description:
      'By the target platform. Its member gives the points back under its own clawback ' +
      'policy. Where it keeps its points itself, it is asked to deduct them; if it refuses ' +
      'that, the recall has failed.',
  },
  refuse: {
    operationId: 'refuseRecall',
    summary: 'Refuse a recall',
    description: 'By the target platform. The transfer stays as it is; a dispute can still decide.',
  },
  withdraw: {
    operationId: 'withdrawRecall',
    summary: 'Withdraw a recall',
    description: 'By the source platform, until it is answered.',
  },
} as const satisfies Record<
  RecallAnswer,
  { readonly operationId: string; readonly summary: string; readonly description: string }
>;

export function postRecallAnswers(server: FastifyInstance, { recalls, ledger }: ApiParts): void {
  for (const answer of Object.keys(answers) as RecallAnswer[]) {
    server.post<{ Params: Static<typeof RecallParams>; Body: Static<typeof Body> }>(
      `/api/recalls/:recall_id/${answer}`,
      {
        schema: {
          ...answers[answer],
          tags: ['recalls'],
          params: RecallParams,
          body: Body,
          response: { 200: RecallView, ...problemResponses },
        },
      },
      async (request, reply) => {
        const moved = await recalls.answer(
          request.params.recall_id,
          callerOf(request).platform.platformId,
          answer,
          request.body.description ?? null,
        );
        return moved.ok
          ? describeRecall(moved.value, ledger)
          : answerProblem(request, reply, moved.problem);
      },
    );
  }
}
