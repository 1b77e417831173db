// What a command would come to now: the same decision on the same rules, on wallets read for it
// alone, and nothing is posted.

import { bucketOf, buckets, type Bucket, type MemberId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import {
  evaluateConversion,
  evaluateOperation,
  evaluateRedemption,
  type Applied,
  type Rulebook,
  type Verdict,
} from '../valuation/valuation.ts';
import { accountOf, newWallet, type Account, type Wallet } from './account.ts';
import { allotQuota, capOf } from './allot-quota.ts';
import { decide, walletsFor } from './decide.ts';
import { factsOf } from './limits.ts';
import type { Decision } from './plan.ts';
import { loadQuoteUse, loadWallets } from './store.ts';
import type { Preview, RedeemCommand, TransferCommand } from './types.ts';
import { createView, type AssetBook, type View } from './view.ts';

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
  const wallets = new Map<string, Wallet>();
  const quote = command.kind === 'transfer' ? command.quote : undefined;
  const user =
    quote === undefined ? undefined : await loadQuoteUse(pool, quote.bucket, quote.nonce);
  const view = createView(book, rulebook, nowMs, {
    wallet: (bucket, ownerId, assetId) => {
      const key = keyOf(bucket, ownerId, assetId);
      let wallet = wallets.get(key);
      if (wallet === undefined) wallets.set(key, (wallet = newWallet(bucket, ownerId, assetId)));
      return wallet;
    },
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
  const load = async (bucket: Bucket, wanted: readonly Wallet[]): Promise<void> => {
    for (const wallet of await loadWallets(pool, bucket, wanted, view.today))
      wallets.set(keyOf(bucket, wallet.ownerId, wallet.assetId), wallet);
  };
  const named = new Map<Bucket, Wallet[]>();
  walletsFor(
    command,
    view,
    (bucket, ownerId, assetId) =>
      void named.set(bucket, [...(named.get(bucket) ?? []), newWallet(bucket, ownerId, assetId)]),
  );
  for (const [bucket, wanted] of named) await load(bucket, wanted);

  let decision = decide(command, view);
  // As in the posting path, a stripe that is short is given what the others have; only in memory.
  for (let tries = 0; decision.type === 'short' && tries < 64; tries += 1) {
    const { account, need, cap, otherwise } = decision.shortage;
    const stripes = await stripesOf(account, book.bucketCount, view, load);
    const floors = allotQuota(stripes, cap ?? capOf(stripes), stripes[account.bucket], need);
    if (floors === undefined) decision = { type: 'refuse', problem: otherwise };
    else {
      stripes.forEach((stripe, index) => (stripe.floor = floors[index] ?? 0n));
      decision = decide(command, view);
    }
  }
  return {
    ...outcomeOf(decision),
    applied: explain(command, view),
    rulebookVersion: rulebook.version,
  };
}

async function stripesOf(
  account: Account,
  bucketCount: number,
  view: View,
  load: (bucket: Bucket, wanted: readonly Wallet[]) => Promise<void>,
): Promise<Account[]> {
  const stripes: Account[] = [];
  for (const bucket of buckets(bucketCount)) {
    if (bucket !== account.bucket)
      await load(bucket, [newWallet(bucket, account.ownerId, account.assetId)]);
    stripes.push(
      accountOf(
        view.wallet(bucket, account.ownerId, account.assetId),
        account.purpose,
        account.expiresOn,
      ),
    );
  }
  return stripes;
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

function explain(command: TransferCommand | RedeemCommand, view: View): readonly Applied[] {
  return verdictOf(command, view).applied;
}

function verdictOf(command: TransferCommand | RedeemCommand, view: View): Pick<Verdict, 'applied'> {
  const { rulebook, scales } = view;
  if (command.kind === 'redeem')
    return evaluateRedemption(
      rulebook,
      factsOf(command, 'redeem', command.amount, view),
      command.quantity,
      scales,
      { explain: true },
    );
  if (command.targetPlatformId === command.platformId)
    return evaluateOperation(rulebook, factsOf(command, 'transfer', command.amount, view), scales, {
      explain: true,
    });
  const { quote } = command;
  return evaluateConversion(
    rulebook,
    factsOf(command, 'conversion', command.amount, view),
    scales,
    { explain: true, ...(quote === undefined ? {} : { locked: quote.terms }) },
  );
}

/** The bucket in which the use of a quote is noted: its member's, or one that its nonce tells. */
export function bucketOfQuote(
  nonce: string,
  memberId: MemberId | null,
  bucketCount: number,
): Bucket {
  return memberId === null
    ? ((Number.parseInt(nonce.slice(0, 8), 16) % bucketCount) as Bucket)
    : bucketOf(memberId, bucketCount);
}
