// Puts due versions of the rulebook in force: first the assets of a version, the stock of its
// rewards and the allowances of its limits, then the version itself. It can be repeated: several
// processes may run it at once, and again after a crash.

import { platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Log } from '../runtime/log.ts';
import {
  limitAssetCode,
  rewardAssetCode,
  type DueVersion,
  type Rulebook,
  type RulebookDocument,
  type Valuation,
} from '../valuation/valuation.ts';

/** The parts of the program that activation needs; the whole context fits. */
export interface ActivationParts {
  readonly ledger: Ledger;
  readonly valuation: Valuation;
  readonly log: Log;
}

/** Puts every due version in force, in order. Returns how many. */
export async function activateDue(parts: ActivationParts): Promise<number> {
  let count = 0;
  for (
    let due = await parts.valuation.findDue();
    due !== undefined;
    due = await parts.valuation.findDue()
  ) {
    await activate(due, parts);
    count += 1;
  }
  await completeAssets(parts);
  return count;
}

/** The number of platforms with points when all limits of a rulebook last had their assets. */
const seenComplete = new WeakMap<Rulebook, number>();

/**
 * Adds assets of newer platforms to the limits of the version in force. A platform that was listed
 * before it joined brings no version of its own, and another process may have put a version in
 * force before it knew the platform.
 */
async function completeAssets({ ledger, valuation, log }: ActivationParts): Promise<void> {
  await valuation.refresh();
  const rulebook = valuation.rulebook();
  const platforms = ledger.assets().filter(({ kind }) => kind === 'points').length;
  if (seenComplete.get(rulebook) === platforms) return;
  const missing = limitAssets(rulebook.document, ledger).filter(
    ({ code }) => rulebook.assetIds?.has(code) !== true,
  );
  if (missing.length > 0) {
    const assets = await register(missing, ledger);
    await valuation.complete(rulebook.version, assets);
    log.info(
      { version: rulebook.version, assets: Object.keys(assets) },
      'limits of the version in force now count a platform that has joined',
    );
  }
  seenComplete.set(rulebook, platforms);
}

async function activate(
  { row, rulebook }: DueVersion,
  { ledger, valuation, log }: ActivationParts,
): Promise<void> {
  const before = valuation.rulebook();
  // Another process may have added a platform whose points the limits count.
  await ledger.refreshAssets();
  const assets = await register(limitAssets(rulebook.document, ledger), ledger);
  for (const [platform, list] of Object.entries(rulebook.document.rewards)) {
    const platformId = platform as PlatformId;
    for (const [rewardId, { stock }] of Object.entries(list)) {
      const code = rewardAssetCode(platform, rewardId);
      const { assetId } = await ledger.registerAsset({
        code,
        kind: 'reward',
        platformId,
        scale: 0,
      });
      assets[code] = assetId;
      const cap = {
        ownerId: platformOwnerId(platformId),
        assetId,
        purpose: 'stock' as const,
        amount: BigInt(stock),
      };
      const known = await ledger.findCap(cap.ownerId, assetId, 'stock');
      if (known?.amount === cap.amount) continue;
      const set = await ledger.setCap(cap);
      // Delivered units cannot be taken back, so the stock cannot be smaller than its use.
      if (!set.ok && known !== undefined) await ledger.setCap({ ...cap, amount: known.used });
    }
  }
  await alignLimits(rulebook, before, assets, ledger);
  if (await valuation.activate(row.version, assets))
    log.info({ version: row.version, author: row.author }, 'a version of the rulebook is in force');
  // A process that still used the version before may have moved quota in the meantime.
  await alignLimits(rulebook, before, assets, ledger);
}

/**
 * Aligns the parts in all buckets of limits that count several members, if the maximum has changed
 * or the limit is new.
 */
async function alignLimits(
  rulebook: Rulebook,
  before: Rulebook,
  assets: Readonly<Record<string, number>>,
  ledger: Ledger,
): Promise<void> {
  for (const [id, rule] of Object.entries(rulebook.document.rules)) {
    const old = before.document.rules[id];
    if (
      rule.kind !== 'limit' ||
      rule.limit.of === 'member' ||
      (old?.kind === 'limit' && old.limit.maximum === rule.limit.maximum)
    )
      continue;
    for (const [code, assetId] of Object.entries(assets)) {
      const asset = ledger.assetById(assetId);
      if (
        asset?.kind !== 'allowance' ||
        (code !== `limit:${id}` && !code.startsWith(`limit:${id}@`))
      )
        continue;
      await ledger.alignAllowances(assetId, minorUnits(rule.limit.maximum, asset.scale));
    }
  }
}

function minorUnits(decimal: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
}

type LimitAsset = {
  readonly code: string;
  readonly platformId: PlatformId | null;
  readonly scale: number;
};

async function register(
  list: readonly LimitAsset[],
  ledger: Ledger,
): Promise<Record<string, number>> {
  const known = new Map(ledger.assets().map(({ code, assetId }) => [code, assetId]));
  const assets: Record<string, number> = {};
  for (const asset of list) {
    const { code } = asset;
    assets[code] =
      known.get(code) ?? (await ledger.registerAsset({ ...asset, kind: 'allowance' })).assetId;
  }
  return assets;
}

/**
 * The assets in which a document's limits count: one for each limit, or one for each platform if
 * the limit counts points.
 */
function limitAssets(document: RulebookDocument, ledger: Ledger): LimitAsset[] {
  return Object.entries(document.rules).flatMap(([id, rule]) => {
    if (rule.kind !== 'limit' || rule.limit.per === 'transaction') return [];
    const item = `rules/${id}`;
    if (rule.limit.measure !== 'points') {
      return [
        {
          code: limitAssetCode(item, rule.limit, ''),
          platformId: null,
          scale: rule.limit.measure === 'value' ? ledger.settlementAsset().scale : 0,
        },
      ];
    }
    return ledger
      .assets()
      .filter(({ kind }) => kind === 'points')
      .map(({ platformId, scale }) => ({
        code: limitAssetCode(item, rule.limit, platformId ?? ''),
        platformId,
        scale,
      }));
  });
}
