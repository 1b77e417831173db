// Quotes that prove themselves: the locked terms travel in the quote_id under a MAC of the network,
// so giving one writes nothing. What makes a quote single-use is the ledger's: the transaction that
// uses it notes its nonce in the same commit (docs/decisions/0006).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { deriveKey, type MasterKey } from '../security/security.ts';
import type { Terms } from './types.ts';

/** What a quote promises. */
interface Quote {
  /** Tells quotes apart: 32 hex digits. */
  readonly nonce: string;
  readonly source: PlatformId;
  readonly target: PlatformId;
  /** Only this member's points can be moved under it; null for any of the source platform. */
  readonly memberId: MemberId | null;
  readonly amount: bigint;
  readonly category: string;
  readonly terms: Terms;
  /** Version of the rulebook that the terms were taken from. */
  readonly version: number;
  readonly expiresAtMs: number;
}

export interface QuoteTokens {
  /** The quote_id. */
  seal(quote: Omit<Quote, 'nonce'>): { readonly quoteId: string; readonly quote: Quote };
  /** Undefined for anything that this network did not give. */
  open(quoteId: string): Quote | undefined;
}

const PREFIX = 'quote_';
const MAC_BYTES = 16;
/** Longest quote_id. */
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
