// POST /operator/windows/{window_id}/close: closes the open window and opens the next one.

import { assert } from '../../kernel/assert.ts';
import { ok } from '../../kernel/problem.ts';
import { describeWindow, WindowHead } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

export const closeWindow = defineRoute({
  operationId: 'closeWindow',
  method: 'POST',
  url: '/operator/windows/:window_id/close',
  tag: 'operator',
  summary: 'Close the open settlement window',
  description:
    'Cuts the journal while posting continues, and opens the next window at the same moment. ' +
    'The pairs are counted afterwards; then the statements are ready.',
  params: WindowParams,
  body: closed({}),
  answer: WindowHead,
  problems: ['window_not_found', 'window_not_open'],
  serve:
    ({ settlement }) =>
    async ({ operator, params }) => {
      const made = await settlement.close({
        windowId: params.window_id,
        closedBy: operator.operatorId,
      });
      if (!made.ok) return made;
      assert(made.value !== undefined, 'a window stays open only where a schedule closes it');
      return ok(describeWindow(made.value));
    },
});
