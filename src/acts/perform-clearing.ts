// Acts about transfers, connections, modes and breaks. Each may be called again after a crash: what
// is done already stays done.

import {
  adjustBreakIn,
  planBreakAdjustment,
  reconciliationProblems,
} from '../clearing/reconciliation/reconciliation.ts';
import { sagaProblems, type SagaActionName } from '../clearing/saga/saga.ts';
import { requireConnected } from '../connections/connections.ts';
import { identityProblems } from '../identity/identity.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId, isPlatformId, parseId, type PlatformId } from '../kernel/ids.ts';
import { ok, refuse, type Result } from '../kernel/problem.ts';
import { formatMoment } from '../kernel/time.ts';
import { CLEARING_MODES, getPoints, type ClearingMode } from '../ledger/ledger.ts';
import type { ActArguments, Acting, ActParts, Performer } from './types.ts';

/** For histories that have room for one name. */
function namesOf({ askedBy, approvedBy }: Acting): string {
  return [askedBy, approvedBy].filter((name) => name !== null).join(', ');
}

/** The reason and the approval; it also tells a repetition from another act. */
function reasonOf({ reason, approvedBy, requestId }: Acting): string {
  return requestId === null
    ? reason
    : `${reason} (approved by ${approvedBy}, request ${requestId})`;
}

function forcedEnd(
  action: Extract<SagaActionName, 'force_completed' | 'force_failed'>,
  words: string,
): Performer<'transaction_id'> {
  return {
    arguments: ['transaction_id'],
    async describe({ transaction_id: publicId }, { sagas, ledger }) {
      const sagaId = parseId('txn', publicId);
      const saga = sagaId === undefined ? undefined : await sagas.find(sagaId);
      if (saga === undefined) return refuse(sagaProblems.saga_not_found());
      if (saga.state === 'completed' || saga.state === 'failed')
        return refuse(sagaProblems.saga_ended(`It is ${saga.state}.`));
      if (!sagas.actionsOf(saga).includes(action)) {
        return refuse(
          sagaProblems.saga_action_not_possible(
            `${action} is not possible while it is ${saga.state}.`,
          ),
        );
      }
      const points = (platformId: PlatformId, minor: bigint): string => {
        const asset = ledger.pointsOf(platformId);
        return asset === undefined
          ? `${minor} minor units of ${platformId}`
          : `${formatAmountText(minor, asset.scale)} points of ${platformId}`;
      };
      return ok({
        words:
          `${words} ${saga.purpose} ${publicId}: ${points(saga.source, saga.amount)} to ` +
          `${points(saga.target, saga.credited)}. No platform is called any more.`,
        circumstances: { state: saga.state, ordered: saga.ordered ?? 'nothing' },
      });
    },
    async perform({ transaction_id: publicId }, by, { sagas }) {
      const sagaId = parseId('txn', publicId);
      const saga = sagaId === undefined ? undefined : await sagas.find(sagaId);
      const reason = reasonOf(by);
      if (
        by.again &&
        saga !== undefined &&
        (await sagas.listActions(saga)).some((made) => made.reason === reason)
      )
        return ok({ outcome: { transaction_id: publicId } });
      const decided = await sagas.decide(publicId, action, by.askedBy ?? '', reason);
      return decided.ok ? ok({ outcome: { transaction_id: publicId } }) : decided;
    },
  };
}

export const transferForceCompleted = forcedEnd(
  'force_completed',
  'Say that both platforms have done their part of the',
);
export const transferForceFailed = forcedEnd(
  'force_failed',
  'Say that neither platform keeps anything of the',
);

async function whereNow(platformId: string, { connections }: ActParts): Promise<ActArguments> {
  await connections.refresh();
  const known = connections.find(platformId);
  return known === undefined
    ? { url: 'none' }
    : {
        url: known.url,
        set_by: known.changedBy,
        set_at: formatMoment(known.changedAtMs),
      };
}

export const connectionSet: Performer<'platform_id' | 'url' | 'token'> = {
  arguments: ['platform_id', 'url', 'token'],
  sealed: ['token'],
  async describe({ platform_id: platformId, url, token }, parts) {
    const platform = await requireConnected(parts.identity, platformId);
    if (!platform.ok) return platform;
    const checked = await parts.connections.check({ platformId, url, token });
    if (!checked.ok) return checked;
    return ok({
      words:
        `Call ${platformId} at ${url}, with the token that was given, also for transfers under ` +
        'way.',
      circumstances: await whereNow(platformId, parts),
    });
  },
  async perform({ platform_id: platformId, url, token }, by, { connections }) {
    const set = await connections.set({ platformId, url, token }, namesOf(by));
    return set.ok ? ok({ outcome: { platform_id: platformId, url: set.value.url } }) : set;
  },
};

export const connectionRemove: Performer<'platform_id'> = {
  arguments: ['platform_id'],
  async describe({ platform_id: platformId }, parts) {
    const known = await parts.connections.require(platformId);
    if (!known.ok) return known;
    return ok({
      words: `Call ${platformId} no more; its transfers under way wait.`,
      circumstances: await whereNow(platformId, parts),
    });
  },
  async perform({ platform_id: platformId }, by, { connections }) {
    const removed = await connections.remove(platformId, namesOf(by));
    return removed.ok || by.again ? ok({ outcome: { platform_id: platformId } }) : removed;
  },
};

async function modeNow(platformId: string, { ledger }: ActParts): Promise<Result<ClearingMode>> {
  await ledger.refreshAssets();
  const points = isPlatformId(platformId) ? ledger.pointsOf(platformId) : undefined;
  return points === undefined
    ? refuse(identityProblems.platform_not_found())
    : ok(points.mode ?? 'both');
}

export const modeWiden: Performer<'platform_id' | 'mode'> = {
  arguments: ['platform_id', 'mode'],
  async describe({ platform_id: platformId, mode }, parts) {
    const now = await modeNow(platformId, parts);
    return now.ok
      ? ok({
          words: `Set ${platformId} to ${mode} in conversions.`,
          circumstances: { mode: now.value },
        })
      : now;
  },
  async perform({ platform_id: platformId, mode: wanted }, by, parts) {
    const mode = CLEARING_MODES.find((known) => known === wanted);
    const now = await modeNow(platformId, parts);
    if (!now.ok || mode === undefined || !isPlatformId(platformId))
      return now.ok ? refuse(identityProblems.platform_not_found()) : now;
    if (!(by.again && now.value === mode))
      await parts.reserve.setMode({
        platformId,
        mode,
        reason: reasonOf(by),
        operatorId: namesOf(by),
      });
    return ok({ outcome: { platform_id: platformId, mode } });
  },
};

export const breakAccept: Performer<'break_id'> = {
  arguments: ['break_id'],
  async describe({ break_id: breakId }, { reconciliation, ledger }) {
    const found = await reconciliation.find(breakId);
    if (!found.ok) return found;
    const { platformId, category, subject, state, ours, theirs } = found.value;
    if (state !== 'open') return refuse(reconciliationProblems.break_closed(`It is ${state}.`));
    const asset = ledger.pointsOf(platformId);
    const text = (minor: bigint | null): string =>
      minor === null
        ? 'nothing'
        : asset === undefined
          ? `${minor} minor units`
          : formatAmountText(minor, asset.scale);
    return ok({
      words:
        `Accept the difference ${category} of ${platformId} (${subject}) as it is; no points ` +
        'are moved.',
      circumstances: { ours: text(ours), theirs: text(theirs), category },
    });
  },
  async perform({ break_id: breakId }, by, { reconciliation }) {
    const found = await reconciliation.find(breakId);
    if (by.again && found.ok && found.value.state === 'accepted')
      return ok({ outcome: { break_id: breakId } });
    const accepted = await reconciliation.accept({
      breakId,
      operatorId: by.askedBy ?? '',
      reason: reasonOf(by),
    });
    return accepted.ok
      ? ok({ outcome: { break_id: breakId, state: accepted.value.state } })
      : accepted;
  },
};

export const breakAdjust: Performer<'break_id'> = {
  arguments: ['break_id'],
  inCommit: true,
  async describe({ break_id: breakId }, parts) {
    const planned = await planBreakAdjustment(parts, breakId);
    if (!planned.ok) return planned;
    const {
      one: { platformId, category, subject, ours, theirs },
      adjustment: { amount, missing, source },
    } = planned.value;
    const text = (of: PlatformId, minor: bigint | null): string =>
      formatAmountText(minor ?? 0n, getPoints(parts.ledger, of).scale);
    return ok({
      words:
        `Give back ${text(source, amount)} points of ${source} for ` +
        `${text(platformId, missing)} points that` +
        ` ${platformId} has not credited for ${subject}; ${platformId} pays ${source} what it ` +
        'was due for them.',
      circumstances: { ours: text(platformId, ours), theirs: text(platformId, theirs), category },
    });
  },
  async perform({ break_id: breakId }, { askedBy, approvedBy, reason }, parts, client) {
    const word = { breakId, askedBy: askedBy ?? '', approvedBy: approvedBy ?? '', reason };
    const adjusted = await adjustBreakIn(client, parts, word);
    if (!adjusted.ok) return adjusted;
    const { disputeId, resolutionId } = adjusted.value;
    return ok({
      outcome: {
        break_id: breakId,
        dispute_id: formatId('dsp', disputeId),
        transaction_id: formatId('txn', resolutionId),
      },
    });
  },
};
