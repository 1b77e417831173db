// Shows rows of the journal as the calling platform may see them, with the ids of its users. A
// transfer over a connected platform is shown as one transaction, although it takes several rows.

import type { Asset, Ledger, PostedLeg } from '../../ledger/ledger.ts';
import type { Platform } from '../../identity/identity.ts';
import { formatId, type MemberId, type TransactionId } from '../../kernel/ids.ts';
import type { ApiParts } from '../parts.ts';
import {
  describeLeg,
  isSourceOf,
  reversedKind,
  type TransactionView,
} from '../../views/transaction.ts';

type Parts = Pick<ApiParts, 'identity' | 'ledger' | 'sagas'>;

/** The platform that reads, and its points. */
export interface Viewer {
  readonly platform: Pick<Platform, 'platformId'>;
  readonly points: Asset;
}

/** The leg that moved the viewer's points; the sender's leg if both did; undefined if none did. */
export function legOf(legs: readonly PostedLeg[], points: Asset): PostedLeg | undefined {
  return (
    legs.find((leg) => isSourceOf(leg, points)) ??
    legs.findLast((leg) => leg.targetAssetId === points.assetId)
  );
}

/** Describes one leg for the viewer. */
export async function showTransaction(
  leg: PostedLeg,
  viewer: Viewer,
  parts: Parts,
): Promise<TransactionView> {
  const view = await showRow(leg, viewer, parts);
  return { ...view, ...(await namesOf(leg, view, viewer, parts)) };
}

async function showRow(leg: PostedLeg, { points }: Viewer, parts: Parts): Promise<TransactionView> {
  const { ledger } = parts;
  const view = describeLeg(leg, points, ledger);
  if (leg.kind === 'authorise') return showTransfer(leg, undefined, points, parts);
  if (!isOverConnected(leg, ledger)) return view;
  if (leg.kind === 'conversion') {
    const authorisation = await findAuthorisation(leg, ledger);
    return authorisation === undefined ? view : showTransfer(authorisation, leg, points, parts);
  }
  if (leg.kind !== 'reverse' || leg.relatedId === null) return view;
  // The viewer knows the reversed transfer by the id of its authorisation.
  const [reversed] = await ledger.findTransaction(leg.relatedId);
  const authorisation =
    reversed?.kind === 'conversion' ? await findAuthorisation(reversed, ledger) : undefined;
  return authorisation === undefined
    ? view
    : { ...view, related_transaction_id: formatId('txn', authorisation.transactionId) };
}

/**
 * Shows a transfer by its authorisation, with its current status. `posted` is the leg that moved
 * the viewer's points; it is looked up if it is not given.
 */
async function showTransfer(
  authorisation: PostedLeg,
  posted: PostedLeg | undefined,
  points: Asset,
  { ledger, sagas }: Parts,
): Promise<TransactionView> {
  const view = describeLeg(authorisation, points, ledger);
  const standing =
    posted === undefined
      ? await sagas.standingOf(authorisation.transactionId)
      : { status: 'completed' as const };
  if (standing?.status !== 'completed') return { ...view, ...standing };
  const leg = posted ?? legOf(await findPosted(authorisation.transactionId, ledger), points);
  if (leg === undefined) return { ...view, ...standing };
  const { timestamp, posted_at, change, balance_after } = describeLeg(leg, points, ledger);
  return { ...view, ...standing, timestamp, posted_at, change, balance_after };
}

async function findPosted(
  authorisedId: TransactionId,
  ledger: Ledger,
): Promise<readonly PostedLeg[]> {
  const resolvedBy = (await ledger.findHold(authorisedId))?.resolvedBy;
  return resolvedBy == null ? [] : ledger.findTransaction(resolvedBy);
}

/**
 * The authorisation of a posted transfer. The second leg does not name it, so the first leg is
 * read.
 */
async function findAuthorisation(
  posted: PostedLeg,
  ledger: Ledger,
): Promise<PostedLeg | undefined> {
  const relatedId =
    posted.leg === 0
      ? posted.relatedId
      : (await ledger.findTransaction(posted.transactionId)).find(({ leg }) => leg === 0)
          ?.relatedId;
  const [related] = relatedId == null ? [] : await ledger.findTransaction(relatedId);
  return related?.kind === 'authorise' ? related : undefined;
}

function isOverConnected({ assetId, targetAssetId }: PostedLeg, ledger: Ledger): boolean {
  return [assetId, targetAssetId].some(
    (asset) => asset !== null && ledger.assetById(asset)?.custody === 'connected',
  );
}

/**
 * The user ids that the viewer may see. A source named the receiver of its transfer, so it sees
 * both users. A target sees only its own user, not the sender.
 */
async function namesOf(
  leg: PostedLeg,
  { source_platform: source, target_platform: target }: TransactionView,
  { platform: { platformId } }: Viewer,
  { identity }: Parts,
): Promise<Pick<TransactionView, 'from_user_id' | 'to_user_id'>> {
  const { from, to } = partiesOf(leg);
  const [fromUser, toUser] = await Promise.all([
    source === platformId && from !== undefined ? identity.userOf(platformId, from) : undefined,
    (source === platformId || target === platformId) && to !== undefined
      ? identity.userOf(target as Platform['platformId'], to)
      : undefined,
  ]);
  return {
    ...(fromUser === undefined ? {} : { from_user_id: fromUser }),
    ...(toUser === undefined ? {} : { to_user_id: toUser }),
  };
}

/** The member whose points were taken, and the member who got points. */
function partiesOf(leg: PostedLeg): { readonly from?: MemberId; readonly to?: MemberId } {
  const kind = leg.kind === 'reverse' ? reversedKind(leg) : leg.kind;
  if (kind === 'earn') return { to: leg.memberId };
  const goesOn =
    kind === 'transfer' ||
    kind === 'conversion' ||
    kind === 'authorise' ||
    (kind === 'hold' && leg.targetAssetId !== null);
  if (!goesOn) return { from: leg.memberId };
  const other = leg.counterpartyId ?? leg.memberId;
  return leg.leg === 0 ? { from: leg.memberId, to: other } : { from: other, to: leg.memberId };
}
