// Previews a command: the same decision on the same rules, on wallets read for it alone. Nothing is
// posted.

import { bucketOf, buckets, type Bucket, type MemberId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import type { Rulebook, Verdict } from '../valuation/valuation.ts';
import { accountOf, newWallet, type Account, type Wallet } from './account.ts';
import { allotQuota, capOf } from './allot-quota.ts';
import { kindOf } from './commands/commands.ts';
import { judgeRedemption, type RedeemCommand } from './commands/redeem.ts';
import { judgeConversion, judgeMove, type TransferCommand } from './commands/transfer.ts';
import { decide, walletsOf } from './decide.ts';
import { loadQuoteUse } from './store-journal.ts';
import type { Decision } from './plan.ts';
import type { Preview } from './types.ts';
import { createView, type AssetBook, type BaseView, type View } from './view.ts';
import { loadWallets } from './store-wallets.ts';

function keyOf(bucket: Bucket, ownerId: string, assetId: number): string {
  return `${bucket}/${ownerId}/${assetId}`;
}

export interface PreviewParts {
  readonly pool: Pool;
  readonly book: AssetBook;
  readonly rulebook: Rulebook;
  readonly nowMs: number;
}

export async function preview(
  command: TransferCommand | RedeemCommand,
  { pool, book, rulebook, nowMs }: PreviewParts,
): Promise<Preview> {
  const memory = new Map<string, Wallet>();
  const missing = new Map<string, Wallet>();
  const { quoteUser: quote } = kindOf(command).reads(command);
  const user =
    quote === undefined ? undefined : await loadQuoteUse(pool, quote.bucket, quote.nonce);
  const wallet: View['wallet'] = (bucket, ownerId, assetId) => {
    const key = keyOf(bucket, ownerId, assetId);
    const found = memory.get(key);
    if (found !== undefined) return found;
    const wanted = newWallet(bucket, ownerId, assetId);
    missing.set(key, wanted);
    return wanted;
  };
  const view = createView(book, rulebook, nowMs, {
    wallet,
    stripe: wallet,
    hold: () => undefined,
    original: () => [],
    allowances: () => [],
    reversed: () => 0n,
    freezes: () => [],
    lengthened: () => [],
    floored: () => undefined,
    lapsed: () => 0n,
    quoteUser: () => user,
  });
  const loadMissing = async (): Promise<void> => {
    for (const [bucket, wanted] of Map.groupBy(missing.values(), (one) => one.bucket))
      for (const one of await loadWallets(pool, bucket, wanted, view.today))
        memory.set(keyOf(bucket, one.ownerId, one.assetId), one);
    missing.clear();
  };
  // Once to tell which wallets are looked at, and again to have them.
  walletsOf(command, view);
  await loadMissing();
  const wallets = walletsOf(command, view);

  let decision = decide(command, wallets, view);
  // As in the posting path, a stripe that is short is given what the others have; only in memory.
  for (let tries = 0; decision.type === 'short' && tries < 64; tries += 1) {
    const { account, need, cap, otherwise } = decision.shortage;
    for (const bucket of buckets(book.bucketCount))
      view.stripe(bucket, account.ownerId, account.assetId);
    await loadMissing();
    const stripes = stripesOf(account, book.bucketCount, view);
    const floors = allotQuota(stripes, cap ?? capOf(stripes), stripes[account.bucket], need);
    if (floors === undefined) decision = { type: 'refuse', problem: otherwise };
    else {
      stripes.forEach((stripe, index) => (stripe.floor = floors[index] ?? 0n));
      decision = decide(command, wallets, view);
    }
  }
  return {
    ...outcomeOf(decision),
    applied: judge(command, view).applied,
    rulebookVersion: rulebook.version,
  };
}

function stripesOf(account: Account, bucketCount: number, view: View): Account[] {
  const { ownerId, assetId, purpose, expiresOn } = account;
  return buckets(bucketCount).map((bucket) =>
    accountOf(view.stripe(bucket, ownerId, assetId), purpose, expiresOn),
  );
}

function outcomeOf(decision: Decision): Pick<Preview, 'problem' | 'leg'> {
  switch (decision.type) {
    case 'post':
      return { problem: undefined, leg: decision.plan.legs[0] };
    case 'refuse':
      return { problem: decision.problem, leg: undefined };
    case 'short':
      return { problem: decision.shortage.otherwise, leg: undefined };
  }
}

/** The same rules again, with a line for each that applied. */
function judge(command: TransferCommand | RedeemCommand, view: BaseView): Pick<Verdict, 'applied'> {
  const options = { explain: true };
  if (command.kind === 'redeem') return judgeRedemption(command, view, options);
  return command.targetPlatformId === command.platformId
    ? judgeMove(command, view, options)
    : judgeConversion(command, view, options);
}

/** The bucket in which the use of a quote is noted: its member's, or one derived from its nonce. */
export function bucketOfQuote(
  nonce: string,
  memberId: MemberId | null,
  bucketCount: number,
): Bucket {
  return memberId === null
    ? ((Number.parseInt(nonce.slice(0, 8), 16) % bucketCount) as Bucket)
    : bucketOf(memberId, bucketCount);
}
