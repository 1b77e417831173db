// POST /api/recalls/{recall_id}/withdraw: the source platform no longer asks for the points.

import { RecallView } from '../../views/recall.ts';
import { RecallParams } from '../recalls/recall-request.ts';
import { defineRoute } from '../define-route.ts';
import {
  answerRecall,
  RecallAnswerBody,
  RECALL_ANSWER_PROBLEMS,
} from '../recalls/answer-recall.ts';

export const withdrawRecall = defineRoute({
  operationId: 'withdrawRecall',
  method: 'POST',
  url: '/api/recalls/:recall_id/withdraw',
  tag: 'recalls',
  summary: 'Withdraw a recall',
  description: 'For the source platform, until the target has answered.',
  params: RecallParams,
  body: RecallAnswerBody,
  answer: RecallView,
  problems: RECALL_ANSWER_PROBLEMS,
  serve: answerRecall('withdraw'),
});
