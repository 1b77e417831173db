// POST …/webhooks/{webhook_id}/secret, on both sides: makes a new secret; the old one also signs
// for a while.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { describeWebhook, WebhookWithSecret } from '../../views/webhook.ts';
import { WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;

const Body = closed({
  overlap_hours: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 168,
      description:
        `Hours during which messages are also signed with the old secret; ${DEFAULT_HOURS} ` +
        'when absent. Use 0 if another person knows the old secret.',
    }),
  ),
});
const Answer = Type.Object({
  ...WebhookWithSecret.properties,
  old_secret_ends_at: Type.String({ description: 'RFC 3339.' }),
});

/** Makes the route for one side. */
export const renewWebhookSecretOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  ownerOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `renew${adjective}WebhookSecret`,
    method: 'POST',
    url: `${prefix}/webhooks/:webhook_id/secret`,
    tag,
    summary: 'Renew the secret of a webhook',
    description:
      'During the overlap a message has one signature for each secret, so it can be verified ' +
      'with the old or with the new one. At most three secrets sign.',
    params: WebhookParams,
    body: Body,
    answer: Answer,
    problems: ['webhook_not_found'],
    signature: 'once',
    serve:
      ({ webhooks }) =>
      async ({ params, body, request }) => {
        const renewed = await webhooks.renewSecret(
          { owner: ownerOf(request) },
          params.webhook_id,
          (body.overlap_hours ?? DEFAULT_HOURS) * HOUR_MS,
        );
        if (!renewed.ok) return renewed;
        const { webhook, secret, oldEndsMs } = renewed.value;
        return ok({
          ...describeWebhook(webhook),
          secret,
          old_secret_ends_at: formatMoment(oldEndsMs),
        });
      },
  });
