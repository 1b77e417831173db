// What the target of a recall answers, and the change of mind of its source: the work of the three
// routes.

import { type Static, Type } from 'typebox';
import type { RecallAnswer } from '../../clearing/recalls/recalls.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeRecall, type RecallView } from '../../views/recall.ts';
import { RecallWords, type RecallParams } from './recall-request.ts';
import type { ByPlatform } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed } from '../../views/schemas.ts';

export const RecallAnswerBody = closed({ description: Type.Optional(RecallWords) });

export const RECALL_ANSWER_PROBLEMS = [
  'recall_not_found',
  'not_your_recall',
  'wrong_recall_state',
  'recall_too_late',
] as const;

interface Call extends ByPlatform {
  readonly params: Static<typeof RecallParams>;
  readonly body: Static<typeof RecallAnswerBody>;
}

export function answerRecall(answer: RecallAnswer) {
  return ({ recalls, ledger }: ApiParts) =>
    async ({
      caller: { platform },
      params,
      body,
    }: Call): Promise<Result<Static<typeof RecallView>>> => {
      const { description = null } = body;
      const moved = await recalls.answer(
        params.recall_id,
        platform.platformId,
        answer,
        description,
      );
      return moved.ok ? ok(describeRecall(moved.value, ledger)) : moved;
    };
}
