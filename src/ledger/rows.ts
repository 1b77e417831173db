// The layout of the ledger's rows: one encoding for each table that is written, one reader for each
// that is read. Before this: `commit.ts`. Next: `row-encoding.ts`.

import type { Bucket, MemberId, OwnerId, TransactionId } from '../kernel/ids.ts';
import { Account, addAccount, newWallet, type Wallet } from './account.ts';
import type { HoldWrite, QuoteUse, ReversalWrite, SignatureUse } from './bucket-state.ts';
import type { RowEncoding } from './row-encoding.ts';
import type {
  Details,
  Hold,
  HoldState,
  Layer,
  PostedLeg,
  Purpose,
  TransactionKind,
} from './types.ts';

export const accountRows: RowEncoding<Account> = {
  table: 'ledger.account',
  columns: [
    { name: 'bucket', type: 'int4', value: (row) => row.bucket },
    { name: 'account_id', type: 'int8', value: (row) => row.accountId },
    { name: 'owner_id', type: 'uuid', value: (row) => row.ownerId },
    { name: 'asset_id', type: 'int4', value: (row) => row.assetId },
    { name: 'purpose', type: 'text', value: (row) => row.purpose },
    { name: 'expires_on', type: 'date', value: (row) => row.expiresOn },
    { name: 'debits_posted', type: 'int8', value: (row) => row.debitsPosted },
    { name: 'credits_posted', type: 'int8', value: (row) => row.creditsPosted },
    { name: 'debits_pending', type: 'int8', value: (row) => row.debitsPending },
    { name: 'credits_pending', type: 'int8', value: (row) => row.creditsPending },
    { name: 'floor', type: 'int8', value: (row) => row.floor },
    { name: 'last_sequence', type: 'int8', value: (row) => row.lastSequence },
  ],
};

/** The columns that change in an account that the database has already. */
export const accountChangeRows: RowEncoding<Account> = {
  table: 'ledger.account_change',
  columns: accountRows.columns.filter(
    ({ name }) =>
      ['account_id', 'floor', 'last_sequence'].includes(name) || /^(debits|credits)_/.test(name),
  ),
};

export const transactionRows: RowEncoding<PostedLeg> = {
  table: 'ledger.transaction',
  columns: [
    { name: 'bucket', type: 'int4', value: (row) => row.bucket },
    { name: 'asset_id', type: 'int4', value: (row) => row.assetId },
    { name: 'sequence', type: 'int8', value: (row) => row.sequence },
    { name: 'posted_at', type: 'timestamptz', value: (row) => row.postedAtMs },
    { name: 'amount', type: 'int8', value: (row) => row.amount },
    { name: 'fingerprint', type: 'int8', value: (row) => row.fingerprint },
    { name: 'credited', type: 'int8', value: (row) => row.credited },
    { name: 'fee', type: 'int8', value: (row) => row.fee },
    { name: 'balance_after', type: 'int8', value: (row) => row.balanceAfter },
    { name: 'target_balance_after', type: 'int8', value: (row) => row.targetBalanceAfter },
    { name: 'occurred_at', type: 'timestamptz', value: (row) => row.occurredAtMs },
    { name: 'target_asset_id', type: 'int4', value: (row) => row.targetAssetId },
    { name: 'leg', type: 'int2', value: (row) => row.leg },
    { name: 'transaction_id', type: 'uuid', value: (row) => row.transactionId },
    { name: 'member_id', type: 'uuid', value: (row) => row.memberId },
    { name: 'counterparty_id', type: 'uuid', value: (row) => row.counterpartyId },
    { name: 'related_id', type: 'uuid', value: (row) => row.relatedId },
    { name: 'kind', type: 'text', value: (row) => row.kind },
    { name: 'rate', type: 'text', value: (row) => row.rate },
    { name: 'reference', type: 'text', value: (row) => row.reference },
    { name: 'layers', type: 'text', value: (row) => layersOf(row) },
    {
      name: 'details',
      type: 'jsonb',
      value: (row) => (row.details === null ? null : JSON.stringify(row.details)),
    },
    {
      name: 'account_ids',
      type: 'int8[]',
      value: (row) => row.entries.map((entry) => entry.accountId),
    },
    { name: 'amounts', type: 'int8[]', value: (row) => row.entries.map((entry) => entry.amount) },
    {
      name: 'balances',
      type: 'int8[]',
      value: (row) => row.entries.map((entry) => entry.balanceAfter),
    },
    { name: 'rulebook_version', type: 'int4', value: (row) => row.rulebookVersion },
  ],
};

/** One letter for each entry, or null when all are posted. */
function layersOf(row: PostedLeg): string | null {
  return row.entries.every((entry) => entry.layer === 'p')
    ? null
    : row.entries.map((entry) => entry.layer).join('');
}

export const holdRows: RowEncoding<HoldWrite> = {
  table: 'ledger.hold',
  columns: [
    { name: 'bucket', type: 'int4', value: ({ row }) => row.bucket },
    {
      name: 'hold_id',
      type: 'uuid',
      value: ({ row, plan }) => (plan.change === 'create' ? row.transactionId : plan.hold.holdId),
    },
    {
      name: 'member_id',
      type: 'uuid',
      value: ({ plan }) => (plan.change === 'create' ? plan.memberId : plan.hold.memberId),
    },
    {
      name: 'asset_id',
      type: 'int4',
      value: ({ plan }) => (plan.change === 'create' ? plan.wallet.assetId : plan.hold.assetId),
    },
    {
      name: 'amount',
      type: 'int8',
      value: ({ plan }) => (plan.change === 'create' ? plan.amount : plan.hold.amount),
    },
    {
      name: 'captured',
      type: 'int8',
      value: ({ plan }) => (plan.change === 'create' ? 0n : plan.captured),
    },
    {
      name: 'state',
      type: 'text',
      value: ({ plan }) => (plan.change === 'resolve' ? plan.state : 'held'),
    },
    {
      name: 'expires_at',
      type: 'timestamptz',
      value: ({ plan }) => (plan.change === 'create' ? plan.expiresAtMs : plan.hold.expiresAtMs),
    },
    {
      name: 'account_ids',
      type: 'int8[]',
      value: ({ plan }) =>
        plan.change === 'create'
          ? plan.portions.map((portion) => portion.lot.accountId)
          : plan.hold.accountIds,
    },
    {
      name: 'amounts',
      type: 'int8[]',
      value: ({ plan }) =>
        plan.change === 'create'
          ? plan.portions.map((portion) => portion.amount)
          : plan.hold.amounts,
    },
    {
      name: 'resolved_by',
      type: 'uuid',
      value: ({ row, plan }) => (plan.change === 'resolve' ? row.transactionId : null),
    },
    {
      name: 'frozen_for',
      type: 'uuid',
      value: ({ plan }) =>
        plan.change === 'create' ? (plan.frozen?.for ?? null) : plan.hold.frozenFor,
    },
    {
      name: 'frozen_at',
      type: 'timestamptz',
      value: ({ plan }) =>
        plan.change === 'create' ? (plan.frozen?.atMs ?? null) : plan.hold.frozenAtMs,
    },
  ],
};

export const reversalRows: RowEncoding<ReversalWrite> = {
  table: 'ledger.reversal',
  columns: [
    { name: 'bucket', type: 'int4', value: ({ row }) => row.bucket },
    { name: 'transaction_id', type: 'uuid', value: ({ originalId }) => originalId },
    { name: 'reversal_id', type: 'uuid', value: ({ row }) => row.transactionId },
    { name: 'amount', type: 'int8', value: ({ amount }) => amount },
  ],
};

export const quoteUseRows: RowEncoding<QuoteUse> = {
  table: 'ledger.quote_use',
  columns: [
    { name: 'bucket', type: 'int4', value: ({ bucket }) => bucket },
    { name: 'nonce', type: 'uuid', value: ({ nonce }) => nonce },
    { name: 'transaction_id', type: 'uuid', value: ({ transactionId }) => transactionId },
  ],
};

export const signatureUseRows: RowEncoding<SignatureUse> = {
  table: 'ledger.signature_use',
  columns: [
    { name: 'bucket', type: 'int4', value: ({ bucket }) => bucket },
    { name: 'signed_at', type: 'int8', value: ({ signedAt }) => BigInt(signedAt) },
    { name: 'mark', type: 'int8', value: ({ mark }) => signedOf(mark) },
    { name: 'operation', type: 'int8', value: ({ operation }) => signedOf(operation) },
  ],
};

/** 16 hexadecimal digits as PostgreSQL's bigint, and back. */
export function signedOf(digits: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${digits}`));
}

export function digitsOf(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}

/** A row of ledger.account as the driver gives it. */
export interface AccountRow {
  readonly bucket: Bucket;
  readonly account_id: bigint;
  readonly owner_id: OwnerId;
  readonly asset_id: number;
  readonly purpose: Purpose;
  readonly expires_on: string;
  readonly debits_posted: bigint;
  readonly credits_posted: bigint;
  readonly debits_pending: bigint;
  readonly credits_pending: bigint;
  readonly floor: bigint | null;
  readonly last_sequence: bigint;
}

/** Puts the account that a row stands for into its wallet. */
export function readAccount(wallet: Wallet, row: AccountRow): Account {
  const account = new Account(wallet, row.purpose, row.expires_on);
  account.accountId = row.account_id;
  account.debitsPosted = row.debits_posted;
  account.creditsPosted = row.credits_posted;
  account.debitsPending = row.debits_pending;
  account.creditsPending = row.credits_pending;
  account.floor = row.floor;
  account.lastSequence = row.last_sequence;
  account.stored = true;
  return addAccount(wallet, account);
}

/** Rows of one owner and asset → their wallet. */
export function readWallet(
  bucket: Bucket,
  ownerId: OwnerId,
  assetId: number,
  rows: readonly AccountRow[],
): Wallet {
  const wallet = newWallet(bucket, ownerId, assetId);
  for (const row of rows) readAccount(wallet, row);
  return wallet;
}

/** A row of ledger.transaction as the driver gives it. */
export interface TransactionRow {
  readonly bucket: Bucket;
  readonly asset_id: number;
  readonly sequence: bigint;
  readonly posted_at: Date;
  readonly amount: bigint;
  readonly fingerprint: bigint;
  readonly credited: bigint | null;
  readonly fee: bigint | null;
  readonly balance_after: bigint | null;
  readonly target_balance_after: bigint | null;
  readonly occurred_at: Date | null;
  readonly target_asset_id: number | null;
  readonly leg: number;
  readonly transaction_id: TransactionId;
  readonly member_id: MemberId;
  readonly counterparty_id: MemberId | null;
  readonly related_id: TransactionId | null;
  readonly kind: TransactionKind;
  readonly rate: string | null;
  readonly reference: string | null;
  readonly layers: string | null;
  readonly details: Details | null;
  readonly account_ids: readonly bigint[];
  readonly amounts: readonly bigint[];
  readonly balances: readonly bigint[];
  readonly rulebook_version: number | null;
}

export function readLeg(row: TransactionRow): PostedLeg {
  return {
    bucket: row.bucket,
    sequence: row.sequence,
    transactionId: row.transaction_id,
    leg: row.leg,
    kind: row.kind,
    postedAtMs: row.posted_at.getTime(),
    occurredAtMs: row.occurred_at?.getTime() ?? null,
    memberId: row.member_id,
    counterpartyId: row.counterparty_id,
    assetId: row.asset_id,
    targetAssetId: row.target_asset_id,
    amount: row.amount,
    credited: row.credited,
    fee: row.fee,
    rate: row.rate,
    balanceAfter: row.balance_after,
    targetBalanceAfter: row.target_balance_after,
    relatedId: row.related_id,
    reference: row.reference,
    details: row.details,
    fingerprint: row.fingerprint,
    rulebookVersion: row.rulebook_version,
    entries: row.account_ids.map((accountId, index) => ({
      accountId,
      amount: row.amounts[index] ?? 0n,
      balanceAfter: row.balances[index] ?? 0n,
      layer: (row.layers?.[index] ?? 'p') as Layer,
    })),
  };
}

/** A row of ledger.hold as the driver gives it. */
export interface HoldRow {
  readonly bucket: Bucket;
  readonly hold_id: TransactionId;
  readonly member_id: MemberId;
  readonly asset_id: number;
  readonly amount: bigint;
  readonly captured: bigint;
  readonly state: HoldState;
  readonly expires_at: Date;
  readonly account_ids: readonly bigint[];
  readonly amounts: readonly bigint[];
  readonly resolved_by: TransactionId | null;
  readonly frozen_for: TransactionId | null;
  readonly frozen_at: Date | null;
}

export function readHold(row: HoldRow): Hold {
  return {
    holdId: row.hold_id,
    bucket: row.bucket,
    memberId: row.member_id,
    assetId: row.asset_id,
    amount: row.amount,
    captured: row.captured,
    state: row.state,
    expiresAtMs: row.expires_at.getTime(),
    accountIds: row.account_ids,
    amounts: row.amounts,
    resolvedBy: row.resolved_by,
    frozenFor: row.frozen_for,
    frozenAtMs: row.frozen_at?.getTime() ?? null,
  };
}
