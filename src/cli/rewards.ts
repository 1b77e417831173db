// `pontis rewards`: shows what points buy, and what became of what was bought.

import { Option, type Command } from 'commander';

import { formatAmountText } from '../kernel/amount.ts';
import { formatId, type PlatformId } from '../kernel/ids.ts';
import { identityProblems } from '../identity/problems.ts';
import type { Rewards } from '../rewards/rewards.ts';
import { REDEMPTION_STATES, type RedemptionState } from '../rewards/states.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  operatorErrorOf,
  withContext,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { tableLines } from './table.ts';

interface RewardsContext extends CommandContext {
  readonly rewards: Rewards;
}

interface Flags {
  readonly data?: string;
  readonly json?: true;
  readonly platform?: string;
  readonly state?: RedemptionState;
  readonly limit?: string;
}

const DEFAULT_LIMIT = 100;
const MOST = 10_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such platform' });

export function registerRewards<Context extends RewardsContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const rewards = program.command('rewards').description('show rewards and redemptions');
  const subcommand = (name: string, description: string): Command =>
    rewards
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nReads only; Pontis may be running. Rewards are changed in the rulebook.${CODES}`,
      );
  const print = (
    flags: Flags,
    name: string,
    columns: readonly string[],
    rows: readonly Readonly<Record<string, string>>[],
  ): void => {
    if (flags.json) roots.print(JSON.stringify({ [name]: rows }));
    else
      for (const line of tableLines([
        columns,
        ...rows.map((row) => columns.map((column) => row[column] ?? '')),
      ]))
        roots.print(line);
  };

  subcommand('list', 'list the rewards that are offered, with the units left')
    .option('--platform <platform_id>', 'only those of one platform')
    .action(async (flags: Flags) => {
      const rows = await withContext(flags, roots, false, async (context) => {
        const platforms =
          flags.platform === undefined
            ? context.identity.listPlatforms().map(({ platformId }) => platformId)
            : [known(context, flags.platform)];
        const catalogue = platforms.flatMap((platformId) => context.rewards.list(platformId));
        return Promise.all(
          catalogue.map(async (reward) => ({
            platform_id: reward.platformId,
            reward_id: reward.rewardId,
            name: reward.nameEn,
            points_required: pointsText(context, reward.platformId, reward.pointsRequired),
            stock: String(reward.stock),
            left: String(await context.rewards.countAvailable(reward)),
            from: momentText(reward.fromMs),
            until: momentText(reward.untilMs),
          })),
        );
      });
      print(
        flags,
        'rewards',
        ['platform_id', 'reward_id', 'name', 'points_required', 'stock', 'left', 'from', 'until'],
        rows,
      );
    });

  subcommand('redemptions', 'list redemptions of a platform, newest first')
    .argument('<platform_id>')
    .addOption(new Option('--state <state>', 'only those in this state').choices(REDEMPTION_STATES))
    .option('--limit <n>', `at most so many, up to ${MOST} (default ${DEFAULT_LIMIT})`)
    .action(async (platform: string, flags: Flags) => {
      const limit = Math.min(
        Math.max(Number.parseInt(flags.limit ?? String(DEFAULT_LIMIT), 10) || DEFAULT_LIMIT, 1),
        MOST,
      );
      const { unitsLeft } = await import('../rewards/rewards.ts');
      const rows = await withContext(flags, roots, false, async (context) => {
        const platformId = known(context, platform);
        const found = await context.rewards.listRedemptions(platformId, flags.state, limit);
        return found.map((redemption) => ({
          redemption_id: formatId('rdm', redemption.redemptionId),
          reward_id: redemption.rewardId,
          quantity: String(unitsLeft(redemption.vouchers)),
          amount: pointsText(context, platformId, redemption.amount - redemption.givenBack),
          state: redemption.state,
          issued_at: new Date(redemption.issuedAtMs).toISOString(),
          expires_at:
            redemption.expiresAtMs === null ? '' : new Date(redemption.expiresAtMs).toISOString(),
          member_id: redemption.memberId,
        }));
      });
      print(
        flags,
        'redemptions',
        [
          'redemption_id',
          'reward_id',
          'quantity',
          'amount',
          'state',
          'issued_at',
          'expires_at',
          'member_id',
        ],
        rows,
      );
    });
}

function known({ identity }: RewardsContext, platform: string): PlatformId {
  const found = identity.findPlatform(platform);
  if (found === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
  return found.platformId;
}

function pointsText({ ledger }: RewardsContext, platformId: PlatformId, minor: bigint): string {
  return formatAmountText(minor, ledger.pointsOf(platformId)?.scale ?? 0);
}

function momentText(atMs: number): string {
  return Number.isFinite(atMs) ? new Date(atMs).toISOString() : '';
}
