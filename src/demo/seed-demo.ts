// The demo network: three platforms, two operators, two members with the sample figures of the
// source requirement (2.1, 5.1, 5.2), and three rewards. Running it again changes nothing.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addPlatform, type OnboardingParts } from '../network/network.ts';
import type { Custody } from '../identity/identity.ts';
import { deriveMemberId, type MemberId, type PlatformId } from '../kernel/ids.ts';
import { ProblemError, type Result } from '../kernel/problem.ts';
import { runsSandbox, type Config } from '../runtime/config.ts';
import { findFaultPanel, type FaultPanel } from './sandbox-process.ts';
import { activateDue } from '../network/network.ts';
import type { RewardTerms, RulebookDocument } from '../valuation/valuation.ts';
import { getPoints } from '../ledger/ledger.ts';

/** The parts of the program that the demo needs; the whole context fits. */
export interface DemoParts extends OnboardingParts {
  readonly config: Pick<
    Config,
    'dataDir' | 'host' | 'port' | 'role' | 'demo' | 'databaseUrl' | 'sandbox'
  >;
}

interface DemoPlatform {
  readonly platformId: PlatformId;
  readonly name: string;
  readonly multiplier: string;
  /** Points that each member starts with. */
  readonly opening: bigint;
  /** The platform's ids of its users start with this. */
  readonly userPrefix: string;
}

const platforms: readonly DemoPlatform[] = [
  {
    platformId: 'platform_a' as PlatformId,
    name: 'Platform A',
    multiplier: '1.0',
    opening: 1500n,
    userPrefix: 'a',
  },
  {
    platformId: 'platform_b' as PlatformId,
    name: 'Platform B',
    multiplier: '1.2',
    opening: 2300n,
    userPrefix: 'b',
  },
  {
    platformId: 'platform_c' as PlatformId,
    name: 'Platform C',
    multiplier: '0.8',
    opening: 800n,
    userPrefix: 'c',
  },
];

/**
 * The demo platform that is connected where the sandbox runs. Otherwise it is hosted, and it stays
 * hosted in a data folder where it once was.
 */
export const SANDBOX_PLATFORM = 'platform_c' as PlatformId;

/** Numbers of the sample users; user 1001 is `a_1001` on platform_a. */
const memberNumbers = ['1001', '1002'] as const;

/** One operator proposes, the other one approves. */
const operatorIds = ['maker', 'checker'] as const;

const RESERVE_CAP_CNY = 1_000_000n;

/**
 * The author of the demo's rewards in the rulebook. A network with a version of this author is a
 * demo network.
 */
const DEMO = 'demo';

/** True for a demo network, with or without the sandbox. Its platforms may use their full caps. */
export function isDemoNetwork({ valuation }: Pick<OnboardingParts, 'valuation'>): Promise<boolean> {
  return valuation.hasAuthor(DEMO);
}

/** The samples of the source requirement (5.2). */
const rewards: Readonly<Record<string, Readonly<Record<string, RewardTerms>>>> = {
  platform_a: {
    coupon_10: {
      points_required: '1000',
      stock: 1_000,
      voucher_days: 90,
      name_zh: '10元优惠券',
      description_zh: '满50可用',
      name_en: '10 yuan coupon',
      description_en: 'For purchases of 50 yuan or more',
    },
    gift_card_50: {
      points_required: '4500',
      stock: 200,
      name_zh: '50元礼品卡',
      description_zh: '无门槛使用',
      name_en: '50 yuan gift card',
      description_en: 'No minimum purchase',
    },
  },
  platform_b: {
    free_shipping: {
      points_required: '500',
      stock: 5_000,
      voucher_days: 365,
      name_zh: '免运费券',
      description_zh: '全场通用',
      name_en: 'Free shipping voucher',
      description_en: 'Valid for everything',
    },
  },
};

/** The content of the credentials file. */
export interface Credentials {
  readonly base_url: string;
  readonly platforms: readonly {
    readonly platform_id: string;
    readonly custody: Custody;
    readonly secret: string;
    readonly token: string;
    readonly fault_panel?: FaultPanel;
  }[];
  readonly operators: readonly { readonly operator_id: string; readonly token: string }[];
  /** For monitors: gives access to /metrics and to the reasons in /health. */
  readonly scrape_token: string;
  readonly members: readonly {
    readonly member_id: string;
    readonly links: Readonly<Record<string, string>>;
  }[];
}

const FILE = 'credentials.json';

/** Creates what is missing, and writes `<data>/credentials.json`. */
export async function seedDemo(parts: DemoParts): Promise<void> {
  for (const platform of platforms) await seedPlatform(parts, platform);
  for (const operatorId of operatorIds) await seedOperator(parts, operatorId);
  await Promise.all(memberNumbers.map((number) => seedMember(parts, number)));
  get(await parts.valuation.add(withRewards, DEMO));
  await activateDue(parts);
  await writeCredentials(
    parts,
    `http://${parts.config.host.includes(':') ? `[${parts.config.host}]` : parts.config.host}:${parts.config.port}`,
  );
}

async function seedPlatform(
  parts: DemoParts,
  { platformId, name, multiplier }: DemoPlatform,
): Promise<void> {
  if (parts.identity.findPlatform(platformId) !== undefined) return;
  const reserveCapMinor = RESERVE_CAP_CNY * 10n ** BigInt(parts.ledger.settlementAsset().scale);
  const wanted: Custody =
    platformId === SANDBOX_PLATFORM && runsSandbox(parts.config) ? 'connected' : 'hosted';
  // An unfinished attempt is completed with the custody that it began with.
  const custody = parts.ledger.pointsOf(platformId)?.custody ?? wanted;
  const added = await addPlatform(parts, {
    platformId,
    name,
    custody,
    multiplier,
    reserveCapMinor,
  });
  // Another process that seeds the same database may have been first.
  if (!added.ok && added.problem.code !== 'platform_exists') throw new ProblemError(added.problem);
}

/** Adds an operator. Its token is made when the credentials are written. */
async function seedOperator({ identity }: DemoParts, operatorId: string): Promise<void> {
  const added = await identity.addOperator(operatorId);
  if (!added.ok && added.problem.code !== 'operator_exists') throw new ProblemError(added.problem);
}

/**
 * The users of a demo platform with their opening points, for a platform that keeps the points
 * itself.
 */
export function demoUsersOf(platformId: PlatformId): Readonly<Record<string, string>> {
  const found = platforms.find((platform) => platform.platformId === platformId);
  return found === undefined
    ? {}
    : Object.fromEntries(
        memberNumbers.map((number) => [`${found.userPrefix}_${number}`, String(found.opening)]),
      );
}

/**
 * Links a sample user on all platforms and posts its opening points. The fixed key makes this
 * happen only once in a network.
 */
async function seedMember({ identity, ledger }: DemoParts, number: string): Promise<void> {
  const memberId = memberIdOf(number);
  for (const { platformId, opening, userPrefix } of platforms) {
    const first = platformId === platforms[0]?.platformId;
    get(
      await identity.linkUser(platformId, `${userPrefix}_${number}`, first ? undefined : memberId),
    );
    // A connected platform has opened the account with its points itself.
    if (identity.findPlatform(platformId)?.custody === 'connected') continue;
    const scale = getPoints(ledger, platformId).scale;
    const outcome = await ledger.submit({
      kind: 'earn',
      platformId,
      memberId,
      key: 'demo opening',
      amount: opening * 10n ** BigInt(scale),
      reference: 'demo',
    });
    if (!outcome.ok) throw new ProblemError(outcome.problem);
  }
}

/** The document with the demo's rewards. Rewards that are already listed keep their terms. */
function withRewards(document: RulebookDocument): RulebookDocument {
  const merged = Object.fromEntries(
    Object.entries(rewards).map(([platform, list]) => [
      platform,
      { ...list, ...document.rewards[platform] },
    ]),
  );
  return { ...document, rewards: { ...document.rewards, ...merged } };
}

/**
 * Writes the credentials file as a whole; only its owner may read it. Tokens that are still valid
 * are kept.
 */
export async function writeCredentials(
  { config, identity }: DemoParts,
  baseUrl: string,
): Promise<void> {
  const file = join(config.dataDir, FILE);
  const before = readCredentials(file);
  const credentials: Credentials = {
    base_url: baseUrl,
    platforms: await Promise.all(
      platforms.map(async ({ platformId }) => {
        const known = before?.platforms?.find(
          (platform) => platform.platform_id === platformId,
        )?.token;
        const works = known !== undefined && (await identity.authenticate(known)).ok;
        const custody = identity.findPlatform(platformId)?.custody ?? 'hosted';
        const panel =
          custody === 'connected' && platformId === SANDBOX_PLATFORM
            ? findFaultPanel(config.dataDir)
            : undefined;
        return {
          platform_id: platformId,
          custody,
          secret: get(await identity.getSecret(platformId)),
          token: works ? known : get(await identity.issueToken(platformId)),
          ...(panel === undefined ? {} : { fault_panel: panel }),
        };
      }),
    ),
    operators: await Promise.all(
      operatorIds.map(async (operatorId) => {
        const known = before?.operators?.find(
          (operator) => operator.operator_id === operatorId,
        )?.token;
        const found = known === undefined ? undefined : await identity.authenticateOperator(known);
        const works = found?.ok === true && found.value.operatorId === operatorId;
        return {
          operator_id: operatorId,
          token:
            works && known !== undefined
              ? known
              : get(await identity.renewOperatorToken(operatorId)).token,
        };
      }),
    ),
    scrape_token: await scrapeTokenOf(before, identity),
    members: memberNumbers.map((number) => ({
      member_id: memberIdOf(number),
      links: Object.fromEntries(
        platforms.map(({ platformId, userPrefix }) => [platformId, `${userPrefix}_${number}`]),
      ),
    })),
  };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

async function scrapeTokenOf(
  before: Partial<Credentials> | undefined,
  identity: DemoParts['identity'],
): Promise<string> {
  const known = before?.scrape_token;
  return known !== undefined && (await identity.isScrapeToken(known))
    ? known
    : identity.renewScrapeToken();
}

/** Undefined when the file is missing or is not JSON. */
function readCredentials(file: string): Partial<Credentials> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Credentials>;
  } catch {
    return undefined;
  }
}

/** The id of a sample member, derived from its user on the first platform. */
function memberIdOf(number: string): MemberId {
  return deriveMemberId('platform_a' as PlatformId, `a_${number}`);
}

function get<T>(result: Result<T>): T {
  if (!result.ok) throw new ProblemError(result.problem);
  return result.value;
}
