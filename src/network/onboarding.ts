// Takes a platform into the network: where it answers when it is connected, its points in the
// ledger, its worth in the valuation, its cap, then its identity.

import {
  CONNECTOR_SCALE,
  connectionProblems,
  type Connections,
  type ConnectionToSet,
} from '../connections/connections.ts';
import { isPlatformId, platformOwnerId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { formatMoment } from '../kernel/time.ts';
import { identityProblems, type Custody, type Identity } from '../identity/identity.ts';
import type { Clawback, Ledger } from '../ledger/ledger.ts';
import type { Log } from '../runtime/log.ts';
import { activateDue } from './activation.ts';
import {
  valuationProblems,
  type RulebookDocument,
  type Valuation,
} from '../valuation/valuation.ts';

/** The parts of the program that onboarding touches; the whole context fits. */
export interface OnboardingParts {
  readonly log: Log;
  readonly identity: Identity;
  readonly ledger: Ledger;
  readonly valuation: Valuation;
  readonly connections: Connections;
}

export interface NewPlatform {
  readonly platformId: string;
  readonly name: string;
  readonly custody: Custody;
  /**
   * Where a connected platform answers; may also be set later, and until then it cannot be called.
   */
  readonly connection?: Omit<ConnectionToSet, 'platformId'> | undefined;
  /** Worth of its points relative to the base value, a decimal such as "1.2"; 1 when absent. */
  readonly multiplier?: string | undefined;
  /** What reversing an earn that is already spent does; `debt` when absent. */
  readonly clawback?: Clawback | undefined;
  /** Net debit cap in minor units of the settlement currency; no bound when absent. */
  readonly reserveCapMinor?: bigint | undefined;
}

export interface AddedPlatform {
  readonly platformId: string;
  readonly secret: string;
  readonly token: string;
}

/**
 * The identity row comes last and makes the platform visible: after a crash half-way the same call
 * completes it, and an existing platform is refused before anything of it is changed.
 */
export async function addPlatform(
  parts: OnboardingParts,
  platform: NewPlatform,
): Promise<Result<AddedPlatform>> {
  const { identity, ledger, valuation, connections } = parts;
  const { platformId, custody, connection, clawback, multiplier, reserveCapMinor } = platform;
  if (!isPlatformId(platformId)) return refuse(identityProblems.invalid_platform_id());
  await identity.refresh();
  if (identity.findPlatform(platformId) !== undefined)
    return refuse(identityProblems.platform_exists());

  if (connection !== undefined) {
    if (custody !== 'connected') return refuse(connectionProblems.hosted_platform());
    const connected = await connections.set({ ...connection, platformId }, 'onboarding');
    if (!connected.ok) return connected;
  }
  const points = await ledger.registerAsset({
    code: platformId,
    kind: 'points',
    platformId,
    custody,
    ...(custody === 'connected' ? { scale: CONNECTOR_SCALE } : {}),
    ...(clawback === undefined ? {} : { clawback }),
  });
  if (points.custody !== custody)
    return refuse(
      identityProblems.platform_exists(
        `An attempt to add ${platformId} as ${points.custody} was begun and not finished; ` +
          'finish it with that custody.',
      ),
    );
  const listed = await valuation.add(
    (document) => withPlatform(document, platformId, multiplier ?? '1'),
    'onboarding',
  );
  if (!listed.ok) return listed;
  await activateDue(parts);
  // Until its worth is in force its points would count as those of multiplier 1.
  if (!Object.hasOwn(valuation.rulebook().document.platforms, platformId)) {
    const { version, effectiveAt } = await valuation.proposals.latest();
    return refuse(
      valuationProblems.version_scheduled(
        `The worth of ${platformId} is in version ${version}, which takes effect at ` +
          `${formatMoment(effectiveAt)} after one that was approved before.`,
      ),
    );
  }
  if (reserveCapMinor !== undefined) {
    const capped = await ledger.setCap({
      ownerId: platformOwnerId(platformId),
      assetId: ledger.settlementAsset().assetId,
      purpose: 'position',
      amount: reserveCapMinor,
    });
    if (!capped.ok) return capped;
  }
  const added = await identity.addPlatform(platform);
  if (!added.ok) return added;
  const token = await identity.issueToken(platformId);
  return token.ok ? ok({ platformId, secret: added.value.secret, token: token.value }) : token;
}

/** A platform that is listed already keeps its terms. */
function withPlatform(
  document: RulebookDocument,
  platformId: string,
  multiplier: string,
): RulebookDocument {
  return Object.hasOwn(document.platforms, platformId)
    ? document
    : { ...document, platforms: { ...document.platforms, [platformId]: { multiplier } } };
}
