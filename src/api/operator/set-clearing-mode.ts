// PUT /operator/reserves/{platform_id}/mode: sets the part that a platform takes in conversions.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { CLEARING_MODES } from '../../ledger/ledger.ts';
import { describeReserve, ReserveView } from '../../views/reserve.ts';
import { findReserve, Reason, ReserveParams } from '../reserve/reserve-request.ts';
import { askedResponse, askForAct } from '../ask-for-act.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Body = closed({ mode: Type.Enum([...CLEARING_MODES]), reason: Reason });

export const setClearingMode = defineRoute({
  operationId: 'setClearingMode',
  method: 'PUT',
  url: '/operator/reserves/:platform_id/mode',
  tag: 'operator',
  summary: 'Stop or allow conversions of a platform',
  description:
    'A narrower mode is in force here when this answers 200, and in other processes within ' +
    'about a second. A wider mode is a request that another operator approves. Transfers in ' +
    'progress continue, and reversals stay possible.',
  params: ReserveParams,
  body: Body,
  answer: ReserveView,
  responses: askedResponse,
  problems: ACT_PROBLEMS.mode_widen,
  serve: (parts) => async (call) => {
    const before = await findReserve(call.params.platform_id, parts);
    if (!before.ok) return before;
    const { mode, reason } = call.body;
    const { platformId } = before.value;
    const { operatorId } = call.operator;
    if (!(await parts.reserve.narrowMode({ platformId, mode, reason, operatorId })))
      return askForAct(call, parts, {
        act: 'mode_widen',
        arguments: { platform_id: platformId, mode },
        reason,
      });
    return ok(describeReserve({ ...before.value, mode }, parts.ledger.settlementAsset()));
  },
});
