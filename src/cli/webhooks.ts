// `pontis webhooks`: lists webhooks and their deliveries, and sends events again.

import { InvalidArgumentError, Option, type Command } from 'commander';

import type { Webhooks } from '../events/events.ts';
import { DELIVERY_STATES, type DeliveryState } from '../events/webhooks/types.ts';
import { parseMoment } from '../kernel/time.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { rowLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface WebhooksContext extends CommandContext {
  readonly webhooks: Webhooks;
}

interface Flags extends TellFlags {
  readonly before?: bigint;
  readonly state?: DeliveryState;
  readonly limit?: number;
  readonly event?: bigint;
  readonly since?: number;
}

const DEFAULT_LIMIT = 100;
const MOST = 10_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such webhook' });
const COLUMNS = [
  'webhook_id',
  'platform_id',
  'state',
  'reason',
  'pending',
  'dead',
  'failing_since',
  'last_success_at',
  'types',
  'url',
] as const;
const DELIVERY_COLUMNS = [
  'event_id',
  'state',
  'attempts',
  'next_attempt_at',
  'last_attempt_at',
  'last_status',
  'last_error',
] as const;

export function registerWebhooks<Context extends WebhooksContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const webhooks = program
    .command('webhooks')
    .description('see webhooks and their deliveries, and send events again');
  const subcommand = (name: string, description: string): Command =>
    webhooks
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running; docs/webhooks.md explains how events are sent.${CODES}`,
      );

  subcommand('list', 'list the webhooks of all platforms and of the network, oldest first').action(
    (flags: Flags) => tell(flags, roots, listWebhooks),
  );

  subcommand('deliveries', 'list the deliveries to a webhook, newest event first')
    .argument('<webhook_id>')
    .addOption(new Option('--state <state>', 'only those in this state').choices(DELIVERY_STATES))
    .option(
      '--limit <n>',
      `show at most this many, up to ${MOST} (default ${DEFAULT_LIMIT})`,
      parseLimit,
    )
    .option('--before <event_id>', 'only older ones: next_cursor of an earlier answer', parseEvent)
    .action((webhookId: string, flags: Flags) =>
      tell(flags, roots, async (context) => {
        const { describeDeliveries } = await import('../views/webhook.ts');
        const { state, before, limit = DEFAULT_LIMIT } = flags;
        const deliveries = await context.webhooks.listDeliveries('everybody', webhookId, {
          state,
          before,
          limit,
        });
        const view = describeDeliveries(valueOf(deliveries), limit);
        return { json: view, lines: rowLines(DELIVERY_COLUMNS, view.deliveries, '') };
      }),
    );

  subcommand('redeliver', 'send one event again, or all that were given up since a time')
    .argument('<webhook_id>')
    .option('--event <event_id>', 'this event, in whatever state its delivery is', parseEvent)
    .option(
      '--since <time>',
      'all dead letters of events from then on, such as 2026-01-31T12:00:00Z',
      parseSince,
    )
    .option(...AS_TOKEN_OPTION)
    .action((webhookId: string, { event, since, ...flags }: Flags) => {
      if ((event === undefined) === (since === undefined))
        throw new OperatorError('usage', 'Give --event or --since, and not both.');
      const which = event === undefined ? { sinceMs: since ?? 0 } : { eventId: event };
      return tellAs(flags, roots, async (context, operatorId) => {
        const count = valueOf(
          await context.webhooks.redeliver('everybody', webhookId, which, operatorId),
        );
        return { json: { count }, lines: [`${count} sent again by the running program.`] };
      });
    });
}

async function listWebhooks(context: WebhooksContext): Promise<Told> {
  const { describeWebhook } = await import('../views/webhook.ts');
  const webhooks = (await context.webhooks.list('everybody')).map(describeWebhook);
  return {
    json: { webhooks },
    lines: rowLines(
      COLUMNS,
      webhooks.map((view) => ({
        ...view,
        reason: view.disabled_reason,
        types: view.types?.join(',') ?? null,
      })),
      '',
    ),
  };
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new InvalidArgumentError(`A whole number from 1 to ${MOST}.`);
  return limit;
}

function parseEvent(text: string): bigint {
  if (!/^[1-9]\d{0,17}$/.test(text))
    throw new InvalidArgumentError('A whole number, as in the list of deliveries.');
  return BigInt(text);
}

function parseSince(text: string): number {
  const atMs = parseMoment(text);
  if (atMs === undefined) throw new InvalidArgumentError('A time such as 2026-01-31T12:00:00Z.');
  return atMs;
}
