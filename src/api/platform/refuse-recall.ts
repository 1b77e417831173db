// POST /api/recalls/{recall_id}/refuse: the target platform keeps the points.

import { RecallView } from '../../views/recall.ts';
import { RecallParams } from '../recalls/recall-request.ts';
import { defineRoute } from '../define-route.ts';
import {
  answerRecall,
  RecallAnswerBody,
  RECALL_ANSWER_PROBLEMS,
} from '../recalls/answer-recall.ts';

export const refuseRecall = defineRoute({
  operationId: 'refuseRecall',
  method: 'POST',
  url: '/api/recalls/:recall_id/refuse',
  tag: 'recalls',
  summary: 'Refuse a recall',
  description:
    'For the target platform. The transfer stays as it is; a dispute can still change it.',
  params: RecallParams,
  body: RecallAnswerBody,
  answer: RecallView,
  problems: RECALL_ANSWER_PROBLEMS,
  serve: answerRecall('refuse'),
});
