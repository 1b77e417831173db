// The work of three routes of recalls: the target accepts or refuses, or the source withdraws.

import { type Static, Type } from 'typebox';
import type { RecallAnswer } from '../../clearing/recalls/recalls.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeRecall, type RecallView } from '../../views/recall.ts';
import { RecallWords, type RecallParams } from './recall-request.ts';
import type { ByPlatform } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed } from '../../views/schemas.ts';

/** Body of the three routes. */
export const RecallAnswerBody = closed({ description: Type.Optional(RecallWords) });

/** The problems of the three routes. */
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

/** Returns the work of one of the three routes. */
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
