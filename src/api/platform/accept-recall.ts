// POST /api/recalls/{recall_id}/accept: the target platform gives the points back.

import { RecallView } from '../../views/recall.ts';
import { RecallParams } from '../recalls/recall-request.ts';
import { defineRoute } from '../define-route.ts';
import {
  answerRecall,
  RecallAnswerBody,
  RECALL_ANSWER_PROBLEMS,
} from '../recalls/answer-recall.ts';

export const acceptRecall = defineRoute({
  operationId: 'acceptRecall',
  method: 'POST',
  url: '/api/recalls/:recall_id/accept',
  tag: 'recalls',
  summary: 'Accept a recall',
  description:
    'For the target platform. Its member gives the points back under its own clawback policy. ' +
    'A connected target platform is asked to deduct them; if it refuses, the recall fails.',
  params: RecallParams,
  body: RecallAnswerBody,
  answer: RecallView,
  problems: RECALL_ANSWER_PROBLEMS,
  serve: answerRecall('accept'),
});
