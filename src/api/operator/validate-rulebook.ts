// POST /operator/rulebook/validate: checks a change of the rulebook without proposing it: its
// effect, or all its faults.

import { untilLeft } from '../../http/until-left.ts';
import { ValidChangeView } from '../../views/rulebook.ts';
import { changeFields, changeOf } from '../rulebook/rulebook-request.ts';
import { defineRoute, sent } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Body = closed(changeFields, 'Exactly one of document and patch.');

export const validateRulebook = defineRoute({
  operationId: 'validateRulebook',
  method: 'POST',
  url: '/operator/rulebook/validate',
  tag: 'operator',
  summary: 'Check a change without proposing it',
  description:
    'Returns the differences to the version approved last. A refusal lists all `faults`: the ' +
    'place of each and, in a condition, the characters from `start` to just before `end`, ' +
    'counted from 0.',
  body: Body,
  answer: ValidChangeView,
  problems: [
    'invalid_rulebook',
    'arbitrage',
    'rulebook_too_costly',
    'checks_busy',
    'platforms_not_registered',
    'proposal_conflict',
  ],
  serve:
    ({ valuation }) =>
    async ({ body, reply }) => {
      const change = changeOf(body);
      if (!change.ok) return change;
      const checked = await untilLeft(reply, (signal) =>
        valuation.proposals.check(change.value, signal),
      );
      if (!checked.ok) return checked;
      // Sent as text, because the worker thread has already written JSON.
      const { changes, lines } = checked.value;
      return sent(
        reply
          .type('application/json; charset=utf-8')
          .send(`{"valid":true,"changes":${changes},"lines":${lines}}`),
      );
    },
});
