// The events of windows; one for each platform, because each has a statement of its own.

import { formatAmount } from '../../kernel/amount.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import type { Asset } from '../../ledger/ledger.ts';
import type { NewEvent } from '../../events/events.ts';
import { NETWORK, type CarriedOver, type Net, type SettlementAct } from './types.ts';

export function windowClosed(
  windowId: number,
  platforms: readonly PlatformId[],
  nets: readonly Net[],
  { scale, code }: Asset,
): NewEvent[] {
  return platforms.map((platformId) => ({
    type: 'window.closed',
    platformId,
    data: {
      window_id: windowId,
      net: formatAmount(
        nets.find(({ participant }) => participant === platformId)?.net ?? 0n,
        scale,
      ),
      currency: code,
    },
  }));
}

export function statementReady(windowId: number, platforms: readonly PlatformId[]): NewEvent[] {
  return platforms.map((platformId) => ({
    type: 'statement.ready',
    platformId,
    data: { window_id: windowId, statement: `/api/settlements/${windowId}/statement` },
  }));
}

/** Everything that was taken has been given back; the window has to be proposed again. */
export function settlementAborted(windowId: number, platforms: readonly PlatformId[]): NewEvent[] {
  return platforms.map((platformId) => ({
    type: 'window.aborted',
    platformId,
    data: { window_id: windowId },
  }));
}

/**
 * For operators; a platform that is left out gets `reserve.mode_changed` and `window.carried_over`.
 */
export function actDecided({
  actId,
  windowId,
  kind,
  participants,
  reason,
  state,
  proposedBy,
  decidedBy,
}: SettlementAct): NewEvent {
  return {
    type: `settlement.${kind}_${state === 'open' ? 'proposed' : state}`,
    platformId: null,
    data: {
      act_id: actId,
      window_id: windowId,
      participants: participants.join(' '),
      reason,
      proposed_by: proposedBy,
      decided_by: decidedBy,
    },
  };
}

/** The amounts carried over to a later window, for each platform concerned. */
export function carriedOver(carried: readonly CarriedOver[], { scale, code }: Asset): NewEvent[] {
  return carried
    .filter(({ participant }) => participant !== NETWORK)
    .map(({ windowId, toWindowId, participant, leftOut, amount }) => ({
      type: 'window.carried_over',
      platformId: participant,
      data: {
        window_id: windowId,
        to_window_id: toWindowId,
        left_out: leftOut,
        amount: formatAmount(amount, scale),
        currency: code,
      },
    }));
}

export function windowSettled(windowId: number, platforms: readonly PlatformId[]): NewEvent[] {
  return platforms.map((platformId) => ({
    type: 'window.settled',
    platformId,
    data: { window_id: windowId },
  }));
}
