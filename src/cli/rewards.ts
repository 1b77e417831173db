// `pontis rewards`: shows the rewards that platforms offer, and the redemptions of their users.

import { Option, type Command } from 'commander';

import type { PlatformId } from '../kernel/ids.ts';
import { identityProblems } from '../identity/problems.ts';
import { getPoints } from '../ledger/get-asset.ts';
import type { Rewards } from '../rewards/rewards.ts';
import { REDEMPTION_STATES, type RedemptionState } from '../rewards/states.ts';
import { amountText, pointsText } from './amount-text.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  operatorErrorOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { rowLines } from './table.ts';
import { tell, type TellFlags, type Told } from './tell.ts';

interface RewardsContext extends CommandContext {
  readonly rewards: Rewards;
}

interface Flags extends TellFlags {
  readonly platform?: string;
  readonly state?: RedemptionState;
  readonly limit?: string;
}

const DEFAULT_LIMIT = 100;
const MOST = 10_000;
const COLUMNS = [
  'platform_id',
  'reward_id',
  'name',
  'points_required',
  'stock',
  'left',
  'from',
  'until',
] as const;
const REDEMPTION_COLUMNS = [
  'redemption_id',
  'reward_id',
  'quantity',
  'amount',
  'state',
  'issued_at',
  'expires_at',
  'member_id',
] as const;
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

  subcommand('list', 'list the rewards that are offered, with the units left')
    .option('--platform <platform_id>', 'only those of one platform')
    .action((flags: Flags) => tell(flags, roots, (context) => listRewards(flags, context)));

  subcommand('redemptions', 'list redemptions of a platform, newest first')
    .argument('<platform_id>')
    .addOption(new Option('--state <state>', 'only those in this state').choices(REDEMPTION_STATES))
    .option('--limit <n>', `show at most this many, up to ${MOST} (default ${DEFAULT_LIMIT})`)
    .action((platform: string, flags: Flags) =>
      tell(flags, roots, (context) => listRedemptions(platform, flags, context)),
    );
}

async function listRewards(flags: Flags, context: RewardsContext): Promise<Told> {
  const { describeReward } = await import('../views/reward.ts');
  const { identity, ledger } = context;
  const platforms =
    flags.platform === undefined
      ? identity.listPlatforms().map(({ platformId }) => platformId)
      : [known(context, flags.platform)];
  const catalogue = platforms.flatMap((platformId) => context.rewards.list(platformId));
  const rewards = await Promise.all(
    catalogue.map(async (reward) => ({
      platform_id: reward.platformId,
      ...describeReward(
        reward,
        await context.rewards.countAvailable(reward),
        'en',
        getPoints(ledger, reward.platformId),
      ),
      stock: Number(reward.stock),
    })),
  );
  return {
    json: { rewards },
    lines: rowLines(
      COLUMNS,
      rewards.map((view) => ({
        from: null,
        until: null,
        ...view,
        name: view.reward_name,
        points_required: pointsText(ledger, view.platform_id, view.points_required),
        left: view.available,
      })),
      '',
    ),
  };
}

async function listRedemptions(
  platform: string,
  flags: Flags,
  context: RewardsContext,
): Promise<Told> {
  const { describeRedemptionForOperator } = await import('../views/redemption.ts');
  const limit = Math.min(
    Math.max(Number.parseInt(flags.limit ?? String(DEFAULT_LIMIT), 10) || DEFAULT_LIMIT, 1),
    MOST,
  );
  const platformId = known(context, platform);
  const points = getPoints(context.ledger, platformId);
  const found = await context.rewards.listRedemptions(platformId, flags.state, limit);
  const redemptions = found.map((redemption) => describeRedemptionForOperator(redemption, points));
  return {
    json: { redemptions },
    lines: rowLines(
      REDEMPTION_COLUMNS,
      redemptions.map((view) => ({ ...view, amount: amountText(view.amount, points) })),
      '',
    ),
  };
}

function known({ identity }: RewardsContext, platform: string): PlatformId {
  const found = identity.findPlatform(platform);
  if (found === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
  return found.platformId;
}
