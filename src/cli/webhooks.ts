// `pontis webhooks`: where events are sent to, what became of them, and sending them again.

import { InvalidArgumentError, Option, type Command } from 'commander';

import type { Webhooks } from '../events/events.ts';
import { DELIVERY_STATES, type DeliveryState } from '../events/webhooks/types.ts';
import { parseMoment } from '../kernel/time.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { printable, tableLines } from './table.ts';

interface WebhooksContext extends CommandContext {
  readonly webhooks: Webhooks;
}

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
  readonly state?: DeliveryState;
  readonly limit?: number;
  readonly event?: bigint;
  readonly since?: number;
}

type Row = Readonly<Record<string, string | number | null>>;

const DEFAULT_LIMIT = 100;
const MOST = 10_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such webhook' });

export function registerWebhooks<Context extends WebhooksContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const webhooks = program
    .command('webhooks')
    .description('see where events are sent to, and send them again');
  const subcommand = (name: string, description: string): Command =>
    webhooks
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running; docs/webhooks.md says how events are sent.${CODES}`,
      );
  const print = (
    flags: Flags,
    name: string,
    columns: readonly string[],
    rows: readonly Row[],
  ): void => {
    if (flags.json) roots.print(JSON.stringify({ [name]: rows }));
    else
      for (const line of tableLines([
        columns,
        ...rows.map((row) => columns.map((column) => printable(String(row[column] ?? '')))),
      ]))
        roots.print(line);
  };

  subcommand('list', 'list the webhooks of all platforms and of the network, oldest first').action(
    async (flags: Flags) => {
      const rows = await withContext(flags, roots, false, async (context) =>
        (await context.webhooks.list('everybody')).map((webhook) => ({
          webhook_id: webhook.webhookId,
          platform_id: webhook.platformId,
          state: webhook.state,
          reason: webhook.disabledReason,
          pending: webhook.pending,
          dead: webhook.dead,
          failing_since: webhook.failingSince?.toISOString() ?? null,
          last_success_at: webhook.lastSuccessAt?.toISOString() ?? null,
          types: webhook.types?.join(',') ?? null,
          url: webhook.url,
        })),
      );
      print(
        flags,
        'webhooks',
        [
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
        ],
        rows,
      );
    },
  );

  subcommand('deliveries', 'list what was sent to a webhook, newest event first')
    .argument('<webhook_id>')
    .addOption(new Option('--state <state>', 'only those in this state').choices(DELIVERY_STATES))
    .option('--limit <n>', `at most so many, up to ${MOST} (default ${DEFAULT_LIMIT})`, parseLimit)
    .action(async (webhookId: string, flags: Flags) => {
      const rows = await withContext(flags, roots, false, async (context) => {
        const deliveries = valueOf(
          await context.webhooks.listDeliveries('everybody', webhookId, {
            state: flags.state,
            limit: flags.limit ?? DEFAULT_LIMIT,
          }),
        );
        return deliveries.map(
          ({ eventId, state, attempts, dueAt, lastStatus, lastError, lastAttemptAt }) => ({
            event_id: Number(eventId),
            state,
            attempts,
            next_attempt_at: state === 'pending' ? dueAt.toISOString() : null,
            last_attempt_at: lastAttemptAt?.toISOString() ?? null,
            last_status: lastStatus,
            last_error: lastError,
          }),
        );
      });
      print(
        flags,
        'deliveries',
        [
          'event_id',
          'state',
          'attempts',
          'next_attempt_at',
          'last_attempt_at',
          'last_status',
          'last_error',
        ],
        rows,
      );
    });

  subcommand('redeliver', 'send one event again, or all that were given up since a time')
    .argument('<webhook_id>')
    .option('--event <event_id>', 'this event, whatever became of it', parseEvent)
    .option(
      '--since <time>',
      'all dead letters of events from then on, such as 2026-01-31T12:00:00Z',
      parseSince,
    )
    .option(...AS_TOKEN_OPTION)
    .action(async (webhookId: string, flags: Flags) => {
      const { event, since } = flags;
      if ((event === undefined) === (since === undefined))
        throw new OperatorError('usage', 'Give --event or --since, and not both.');
      const count = await withContext(flags, roots, false, async (context) => {
        const { operatorId } = await actingOperator(flags, roots, context);
        return valueOf(
          await context.webhooks.redeliver(
            'everybody',
            webhookId,
            event === undefined ? { sinceMs: since ?? 0 } : { eventId: event },
            operatorId,
          ),
        );
      });
      roots.print(
        flags.json ? JSON.stringify({ count }) : `${count} sent again by the running program.`,
      );
    });
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
