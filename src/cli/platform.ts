// `pontis platform`: adds platforms to the network and issues their secrets and tokens.

import { Argument, InvalidArgumentError, Option, type Command } from 'commander';

import type { ActArguments, RequestedAct } from '../acts/acts.ts';
import type { Reserve } from '../clearing/reserve/reserve.ts';
import { SECRET_OVERLAP_MS, SIGNINGS, type Custody, type Signing } from '../identity/types.ts';
import { formatAmountText, parseAmount } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import type { Result } from '../kernel/problem.ts';
import type { Clawback } from '../ledger/ledger.ts';
import { formatMoment } from '../kernel/time.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import { askedOf } from './asked.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  findActingOperator,
  JSON_OPTION,
  valueOf,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { rowLines } from './table.ts';
import { print, tell, type Told } from './tell.ts';

interface PlatformToAdd {
  readonly platformId: string;
  readonly name: string;
  readonly custody: Custody;
  readonly connection?: { readonly url: string; readonly token: string };
  readonly multiplier: string;
  readonly clawback: Clawback;
  readonly reserveCapMinor?: bigint;
}

export interface PlatformContext extends CommandContext {
  readonly reserve: Reserve;
}

export interface PlatformRoots<Context extends CommandContext> extends CommandRoots<Context> {
  /** True for a demo network, in which platforms have no cap by default. */
  isDemoNetwork(context: Context): Promise<boolean>;
  addPlatform(
    context: Context,
    platform: PlatformToAdd,
  ): Promise<
    Result<{ readonly platformId: string; readonly secret: string; readonly token: string }>
  >;
}

interface Flags {
  readonly data?: string;
  readonly json?: true;
}

interface AskFlags extends Flags, AsTokenOption {
  readonly reason?: string;
}

interface AddFlags extends Flags, AsTokenOption {
  readonly name?: string;
  readonly custody: Custody;
  readonly multiplier: string;
  readonly clawback: Clawback;
  readonly reserveCap?: string;
  readonly connectorUrl?: string;
  readonly connectorToken?: string;
}

interface TokenFlags extends AskFlags {
  readonly days?: number;
  readonly revoke?: true;
}

interface RotateFlags extends AskFlags {
  readonly overlapHours?: number;
}

const COLUMNS = [
  'platform_id',
  'custody',
  'state',
  'signing',
  'clawback',
  'reserve_cap',
  'reserve_used',
  'name',
] as const;
const HOUR_MS = 3_600_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such platform' });

export function registerPlatform<Context extends PlatformContext>(
  program: Command,
  roots: PlatformRoots<Context>,
): void {
  const platform = program.command('platform').description('manage the platforms of the network');
  const subcommand = (name: string, description: string): Command =>
    platform
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running; it notices within about a second.${CODES}`);
  registerAdd(
    subcommand('add', 'add a platform to the network; prints its secret and a token'),
    roots,
  );
  subcommand('list', 'list the platforms').action((flags: Flags) =>
    tell(flags, roots, listPlatforms),
  );
  registerCredentials(subcommand, roots);

  subcommand('signing', "set which signatures of a platform's requests are accepted")
    .argument('<platform_id>')
    .addArgument(new Argument('<kind>', 'any, or only HTTP Message Signatures').choices(SIGNINGS))
    .action((platformId: string, signing: Signing, flags: Flags) =>
      tell(flags, roots, async ({ identity }) => {
        valueOf(await identity.setSigning(platformId, signing));
        return {
          json: { platform_id: platformId, signing },
          lines: [`${platformId} signs with: ${signing}`],
        };
      }),
    );
}

function registerAdd<Context extends PlatformContext>(
  command: Command,
  roots: PlatformRoots<Context>,
): void {
  command
    .argument('<platform_id>', '3 to 40 of a-z, 0-9 and _, beginning with a letter')
    .option('--name <name>', 'name for people (default: the id)')
    .addOption(
      new Option('--custody <custody>', 'who keeps the balances')
        .choices(['hosted', 'connected'])
        .default('hosted'),
    )
    .option(
      '--connector-url <url>',
      'base URL of a connected platform; may be set later with `pontis connector set`',
    )
    .option(
      '--connector-token <token>',
      'bearer token that the platform issued to the network (or PONTIS_CONNECTOR_TOKEN, which ' +
        'other users of this machine cannot see)',
    )
    .option(
      '--multiplier <number>',
      'value of its points relative to the base value',
      parseMultiplier,
      '1',
    )
    .addOption(
      new Option('--clawback <policy>', 'how points that are spent already are reversed')
        .choices(['debt', 'available', 'refuse'])
        .default('debt'),
    )
    .option(
      '--reserve-cap <amount>',
      'net debit cap in settlement currency to ask for, under --as-token once there are ' +
        'operators; another operator approves it, and until then it is 0 (in a demo network: in ' +
        'force at once, default no bound)',
    )
    .option(...AS_TOKEN_OPTION)
    .action(async (platformId: string, flags: AddFlags) =>
      print(
        await withContext(flags, roots, true, (context) =>
          addPlatform(platformId, flags, roots, context),
        ),
        flags,
        roots,
      ),
    );
}

/** Commands about secrets and tokens; once there are two operators, a new one takes two persons. */
function registerCredentials<Context extends PlatformContext>(
  subcommand: (name: string, description: string) => Command,
  roots: PlatformRoots<Context>,
): void {
  const ask = (
    act: RequestedAct,
    given: ActArguments,
    flags: AskFlags,
    doneOf: (done: ActArguments) => Told,
  ): Promise<void> =>
    tell(flags, roots, async (context) => {
      const acting = await findActingOperator(flags, roots, context);
      const asked = await context.acts.ask({
        act,
        arguments: given,
        operatorId: acting?.operatorId,
        reason: flags.reason ?? '',
      });
      return askedOf(valueOf(asked), doneOf);
    });
  const asking = (name: string, description: string): Command =>
    subcommand(name, description)
      .argument('<platform_id>')
      .option('--reason <text>', 'why; kept with the request')
      .option(...AS_TOKEN_OPTION);

  asking('token', 'issue a token for a platform')
    .option(
      '--days <days>',
      'days for which it is valid (default: as the network issues them)',
      parseDays,
    )
    .option('--revoke', 'make all earlier tokens invalid')
    .action((platformId: string, flags: TokenFlags) =>
      ask(
        'platform_token',
        {
          platform_id: platformId,
          days: String(flags.days ?? ''),
          revoke: flags.revoke ? 'yes' : 'no',
        },
        flags,
        (done) => ({ json: done, lines: [done['token'] ?? ''] }),
      ),
    );

  subcommand(
    'revoke',
    'make all tokens of a platform invalid at once, for example when one was stolen',
  )
    .argument('<platform_id>')
    .action((platformId: string, flags: Flags) =>
      tell(flags, roots, async ({ identity }) => {
        valueOf(await identity.revokeTokens(platformId));
        return {
          json: { platform_id: platformId, revoked: true },
          lines: [
            `All tokens of ${platformId} are invalid, in running processes within about a second.`,
          ],
        };
      }),
    );

  asking(
    'rotate-secret',
    'replace the signing secret of a platform; the old one stays valid for a while',
  )
    .option(
      '--overlap-hours <hours>',
      'hours for which the old one stays valid (default 24); 0 if somebody else knows it',
      parseOverlap,
    )
    .action((platformId: string, flags: RotateFlags) => {
      const hours = flags.overlapHours ?? SECRET_OVERLAP_MS / HOUR_MS;
      const given = { platform_id: platformId, overlap_hours: String(hours) };
      return ask('platform_secret', given, flags, (done) => ({
        json: { old_secret_ends_at: null, ...done },
        lines: [done['secret'] ?? ''],
      }));
    });
}

async function addPlatform<Context extends PlatformContext>(
  platformId: string,
  flags: AddFlags,
  roots: PlatformRoots<Context>,
  context: Context,
): Promise<Told> {
  const { name = platformId, custody, multiplier, clawback } = flags;
  const { scale } = context.ledger.settlementAsset();
  const asked = flags.reserveCap === undefined ? undefined : parseCap(flags.reserveCap, scale);
  const isDemo = await roots.isDemoNetwork(context);
  const asksForCap = asked !== undefined && asked > 0n;
  const madeBy = isDemo ? undefined : await makerOf(flags, asksForCap, roots, context);
  const connection = connectionOf(flags, roots);
  const reserveCapMinor = isDemo ? asked : 0n;
  const { secret, token } = valueOf(
    await roots.addPlatform(context, {
      platformId,
      name,
      custody,
      multiplier,
      clawback,
      ...(connection === undefined ? {} : { connection }),
      ...(reserveCapMinor === undefined ? {} : { reserveCapMinor }),
    }),
  );
  const cap = reserveCapMinor === undefined ? null : formatAmountText(reserveCapMinor, scale);
  const requestId =
    madeBy === undefined || !asksForCap
      ? null
      : await askForCap(context, platformId, asked, madeBy);
  const raise =
    requestId === null
      ? `pontis reserve cap ${platformId} <amount> --reason <text>`
      : `pontis reserve approve ${requestId}`;
  const next =
    requestId === null
      ? `raise it with: ${raise} (another operator approves it)`
      : `request ${requestId} is open; another operator approves it with: ${raise}`;
  return {
    json: {
      platform_id: platformId,
      secret,
      token,
      reserve_cap: cap,
      ...(isDemo ? {} : { reserve_request_id: requestId, raise_cap_with: raise }),
    },
    lines: [
      `platform_id  ${platformId}`,
      `secret       ${secret}`,
      `token        ${token}`,
      ...(isDemo ? [] : [`reserve cap  ${cap}: it may send what it has received; ${next}`]),
    ],
  };
}

async function listPlatforms({ identity, ledger }: CommandContext): Promise<Told> {
  const settlement = ledger.settlementAsset();
  const platforms = await Promise.all(
    identity.listPlatforms().map(async (row) => {
      const cap = await ledger.findCap(row.ownerId, settlement.assetId, 'position');
      return {
        platform_id: row.platformId,
        name: row.name,
        custody: row.custody,
        state: row.state,
        signing: row.signing,
        clawback: ledger.pointsOf(row.platformId)?.clawback ?? null,
        reserve_cap: cap === undefined ? null : formatAmountText(cap.amount, settlement.scale),
        reserve_used: cap === undefined ? null : formatAmountText(cap.used, settlement.scale),
        created_at: formatMoment(row.createdAtMs),
      };
    }),
  );
  return { json: { platforms }, lines: rowLines(COLUMNS, platforms) };
}

/**
 * The operator who gives the command. A request for a cap needs one once there are operators,
 * because otherwise the same person could ask and approve; `onboarding` before there are any.
 */
async function makerOf(
  flags: AddFlags,
  asksForCap: boolean,
  roots: Pick<CommandRoots, 'environment'>,
  context: CommandContext,
): Promise<string> {
  const isNeeded = asksForCap && (await context.identity.listOperators()).length > 0;
  const acting = isNeeded
    ? await actingOperator(flags, roots, context)
    : await findActingOperator(flags, roots, context);
  return acting?.operatorId ?? 'onboarding';
}

async function askForCap(
  { reserve, identity }: PlatformContext,
  platform: string,
  amount: bigint,
  operatorId: string,
): Promise<string> {
  const platformId = identity.findPlatform(platform)?.platformId;
  assert(platformId !== undefined, 'a platform that was added is known');
  return valueOf(
    await reserve.requests.make({
      platformId,
      operatorId,
      reason: 'onboarding',
      wanted: { kind: 'cap', amount },
    }),
  ).requestId;
}

/** The connection of a connected platform from the options; undefined without them. */
function connectionOf(
  { connectorUrl: url, connectorToken }: AddFlags,
  { environment }: Pick<CommandRoots, 'environment'>,
): PlatformToAdd['connection'] {
  if (url === undefined) {
    if (connectorToken !== undefined)
      throw new OperatorError('usage', 'With --connector-token give --connector-url as well.');
    return undefined;
  }
  return { url, token: connectorToken ?? environment['PONTIS_CONNECTOR_TOKEN'] ?? '' };
}

function parseMultiplier(text: string): string {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('A positive decimal such as 1.2.');
  return text;
}

function parseOverlap(text: string): number {
  const hours = Number(text);
  if (!/^\d{1,3}$/.test(text) || hours > 168)
    throw new InvalidArgumentError('A whole number from 0 to 168.');
  return hours;
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3_650)
    throw new InvalidArgumentError('A whole number from 1 to 3650.');
  return days;
}

function parseCap(text: string, scale: number): bigint {
  const amount = parseAmount(text, scale);
  if (typeof amount !== 'bigint' || amount < 0n) {
    throw new OperatorError(
      'usage',
      `--reserve-cap: ${text} is not an amount of the settlement currency (at most ${scale} ` +
        'decimals).',
    );
  }
  return amount;
}
