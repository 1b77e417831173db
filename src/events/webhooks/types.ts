// The types of webhooks. No behaviour.

import type { PlatformId } from '../../kernel/ids.ts';

/**
 * The owner of an endpoint: a platform, or the operators (null), who get the events of everybody.
 */
export type Owner = PlatformId | null;

/** `owner`: by its owner; `gone`: it answered 410; `failing`: nothing was delivered for days. */
export type DisabledReason = 'owner' | 'gone' | 'failing';

export interface Webhook {
  readonly webhookId: string;
  readonly platformId: Owner;
  readonly url: string;
  readonly description: string;
  /** Such as `transfer.completed` or `transfer.*`; all when null. */
  readonly types: readonly string[] | null;
  /** An event is not sent before the one before it is delivered or dead. */
  readonly ordered: boolean;
  readonly state: 'active' | 'disabled';
  readonly disabledReason: DisabledReason | null;
  /** The first failure after the last success; null while it works. */
  readonly failingSince: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly createdAt: Date;
  /** Deliveries that wait to be sent, or sent again. */
  readonly pending: number;
  /** Deliveries that were given up and are still kept. */
  readonly dead: number;
}

/** The settings that an owner chooses for an endpoint. */
export interface WebhookTerms {
  readonly url: string;
  readonly description: string;
  readonly types: readonly string[] | null;
  readonly ordered: boolean;
}

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One event for one endpoint. */
export interface Delivery {
  readonly webhookId: string;
  readonly eventId: bigint;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is sent next, while it is pending. */
  readonly dueAt: Date;
  /** HTTP status of the last answer; null when none came. */
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastAttemptAt: Date | null;
  readonly createdAt: Date;
}
