// GET /operator/windows/{window_id}: one settlement window with its figures.

import { ok } from '../../kernel/problem.ts';
import { describeWindowFigures, WindowView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';

export const getWindow = defineRoute({
  operationId: 'getWindow',
  method: 'GET',
  url: '/operator/windows/:window_id',
  tag: 'operator',
  summary: 'One settlement window',
  description:
    'Nets of all platforms, gross figures of all pairs, disputed transactions and obligations. ' +
    'An open window has none yet.',
  params: WindowParams,
  answer: WindowView,
  problems: ['window_not_found'],
  serve:
    ({ settlement, ledger }) =>
    async ({ params }) => {
      const found = await settlement.find(params.window_id);
      return found.ok ? ok(describeWindowFigures(found.value, ledger)) : found;
    },
});
