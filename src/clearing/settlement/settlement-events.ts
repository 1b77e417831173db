// What platforms are told of windows; one event for each platform, as each has a statement of its own.

import { formatAmount } from '../../kernel/amount.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import type { Asset } from '../../ledger/ledger.ts';
import type { NewEvent } from '../../runtime/feed.ts';
import type { Net } from './types.ts';

export function windowClosed(windowId: number, platforms: readonly PlatformId[], nets: readonly Net[], { scale, code }: Asset): NewEvent[] {
  return platforms.map((platformId) => ({
    type: 'window.closed', platformId,
    data: { window_id: windowId, net: formatAmount(nets.find(({ participant }) => participant === platformId)?.net ?? 0n, scale), currency: code },
  }));
}

export function statementReady(windowId: number, platforms: readonly PlatformId[]): NewEvent[] {
  return platforms.map((platformId) => ({ type: 'statement.ready', platformId, data: { window_id: windowId, statement: `/api/settlements/${windowId}/statement` } }));
}

export function windowSettled(windowId: number, platforms: readonly PlatformId[]): NewEvent[] {
  return platforms.map((platformId) => ({ type: 'window.settled', platformId, data: { window_id: windowId } }));
}
