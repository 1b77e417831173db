// Takes a platform into the network: first its connection, its points in the ledger, its value in
// the rulebook and its cap, and last its identity.

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

/** The parts of the program that onboarding needs; the whole context fits. */
export interface OnboardingParts {
  readonly log: Log;
  readonly identity: Identity;
  readonly ledger: Ledger;
  readonly valuation: Valuation;
  readonly connections: Connections;
}

/** A platform to take in. */
export interface NewPlatform {
  readonly platformId: string;
  readonly name: string;
  readonly custody: Custody;
  /**
   * Address and token of a connected platform. It may also be set later; until then the platform
   * cannot be called.
   */
  readonly connection?: Omit<ConnectionToSet, 'platformId'> | undefined;
  /** Value of its points relative to the base value, a decimal such as "1.2"; 1 by default. */
  readonly multiplier?: string | undefined;
  /** What happens when an earn is reversed whose points are already spent; `debt` by default. */
  readonly clawback?: Clawback | undefined;
  /** Net debit cap in minor units of the settlement currency; no bound by default. */
  readonly reserveCapMinor?: bigint | undefined;
}

/** The new platform with its secret and token, which are to be given to it. */
export interface AddedPlatform {
  readonly platformId: string;
  readonly secret: string;
  readonly token: string;
}

/**
 * Adds a platform. The identity row comes last and makes the platform visible: after a crash, the
 * same call completes the rest. An existing platform is refused before anything is changed.
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
        `An earlier attempt to add ${platformId} as ${points.custody} was not finished. Finish ` +
          'it with the same custody.',
      ),
    );
  const listed = await valuation.add(
    (document) => withPlatform(document, platformId, multiplier ?? '1'),
    'onboarding',
  );
  if (!listed.ok) return listed;
  await activateDue(parts);
  // Until its value is in force, its points would count with multiplier 1.
  if (!Object.hasOwn(valuation.rulebook().document.platforms, platformId)) {
    const { version, effectiveAt } = await valuation.proposals.latest();
    return refuse(
      valuationProblems.version_scheduled(
        `The value of ${platformId} is in version ${version}, which takes effect at ` +
          `${formatMoment(effectiveAt)}, after a version that was approved before.`,
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

/** Lists a platform in the document. A platform that is already listed keeps its terms. */
function withPlatform(
  document: RulebookDocument,
  platformId: string,
  multiplier: string,
): RulebookDocument {
  return Object.hasOwn(document.platforms, platformId)
    ? document
    : { ...document, platforms: { ...document.platforms, [platformId]: { multiplier } } };
}
