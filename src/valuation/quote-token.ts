// Quotes that prove themselves: the quote_id contains the locked terms and a MAC of the network, so
// making a quote writes nothing. The ledger makes a quote single-use: the transaction that uses it
// records its nonce in the same commit (docs/decisions/0006).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { deriveKey, type MasterKey } from '../security/security.ts';
import type { Terms } from './types.ts';

/** The content of a quote. Amounts are in minor units. */
interface Quote {
  /** Identifies the quote: 32 hex digits. */
  readonly nonce: string;
  readonly source: PlatformId;
  readonly target: PlatformId;
  /**
   * The only member whose points can be moved with this quote; null for any member of the source
   * platform.
   */
  readonly memberId: MemberId | null;
  readonly amount: bigint;
  readonly category: string;
  readonly terms: Terms;
  /** Version of the rulebook that gave the terms. */
  readonly version: number;
  readonly expiresAtMs: number;
}

/** Makes and reads quote_ids. */
export interface QuoteTokens {
  /** Adds a nonce and returns the quote_id, at most `MAX_QUOTE_ID` characters. */
  seal(quote: Omit<Quote, 'nonce'>): { readonly quoteId: string; readonly quote: Quote };
  /** The quote in a quote_id. Undefined for any text that this network did not make. */
  open(quoteId: string): Quote | undefined;
}

const PREFIX = 'quote_';
const MAC_BYTES = 16;
/** Longest quote_id, in characters. */
export const MAX_QUOTE_ID = 700;

const digits = Type.String({ pattern: '^[0-9]{1,40}$' });
const Payload = Type.Tuple([
  Type.String({ pattern: '^[0-9a-f]{32}$' }),
  Type.String(),
  Type.String(),
  Type.Union([Type.String(), Type.Null()]),
  digits,
  Type.String(),
  digits,
  digits,
  digits,
  digits,
  digits,
  digits,
  digits,
  digits,
  Type.String(),
  Type.Integer(),
  Type.Integer(),
]);
const payload = Compile(Payload);

/** The MAC's key is derived from the master key. */
export function createQuoteTokens(masterKey: MasterKey): QuoteTokens {
  const key = deriveKey(masterKey, 'quote');
  const macOf = (body: string): Buffer =>
    createHmac('sha256', key).update(body).digest().subarray(0, MAC_BYTES);
  return {
    seal: (promised) => {
      const quote: Quote = { ...promised, nonce: randomBytes(16).toString('hex') };
      const body = Buffer.from(JSON.stringify(toPayload(quote))).toString('base64url');
      return { quoteId: `${PREFIX}${body}.${macOf(body).toString('base64url')}`, quote };
    },
    open: (quoteId) => {
      const [body = '', mac = ''] = quoteId.startsWith(PREFIX)
        ? quoteId.slice(PREFIX.length).split('.')
        : [];
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== MAC_BYTES || !timingSafeEqual(given, macOf(body))) return undefined;
      const read: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
      return payload.Check(read) ? fromPayload(read) : undefined;
    },
  };
}

function toPayload({
  nonce,
  source,
  target,
  memberId,
  amount,
  category,
  terms,
  version,
  expiresAtMs,
}: Quote): Static<typeof Payload> {
  const { fee, gross, targetFee, bonus, credited, owed, due, remainder, rate } = terms;
  return [
    nonce,
    source,
    target,
    memberId,
    String(amount),
    category,
    String(fee),
    String(gross),
    String(targetFee),
    String(bonus),
    String(credited),
    String(owed),
    String(due),
    String(remainder),
    rate,
    version,
    expiresAtMs,
  ];
}

function fromPayload(read: Static<typeof Payload>): Quote {
  const [
    nonce,
    source,
    target,
    memberId,
    amount,
    category,
    fee,
    gross,
    targetFee,
    bonus,
    credited,
    owed,
    due,
    remainder,
    rate,
    version,
    expiresAtMs,
  ] = read;
  return {
    nonce,
    source: source as PlatformId,
    target: target as PlatformId,
    memberId: memberId as MemberId | null,
    amount: BigInt(amount),
    category,
    version,
    expiresAtMs,
    terms: {
      fee: BigInt(fee),
      gross: BigInt(gross),
      targetFee: BigInt(targetFee),
      bonus: BigInt(bonus),
      credited: BigInt(credited),
      owed: BigInt(owed),
      due: BigInt(due),
      remainder: BigInt(remainder),
      rate,
    },
  };
}
