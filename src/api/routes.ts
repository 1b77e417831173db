// Every route of the API in one of three tables: what a platform calls, what an operator calls, and
// what is open. A row says who may call it, with which scope or role, and as which acts, whose rows
// (src/acts/table.ts) say how many persons they take.
//
// In force today: a platform proves itself by token and signature and may call all of the first
// table; an operator who is not suspended may call all of the second; acts of two persons wait for
// the second one. Scopes and roles are those that a token or an operator will need once there are
// such; nothing asks for them yet.

import type { OpenRow, OperatorRow, PlatformRow, Role } from './access.ts';
import { getOpenApi } from './open/get-open-api.ts';
import { getProblem } from './open/get-problem.ts';
import { health } from './open/health.ts';
import { listProblems } from './open/list-problems.ts';
import { live } from './open/live.ts';
import { metrics } from './open/metrics.ts';
import { ready } from './open/ready.ts';
import { changeNetworkWebhook } from './operator/change-network-webhook.ts';
import { createNetworkWebhook } from './operator/create-network-webhook.ts';
import { deleteNetworkWebhook } from './operator/delete-network-webhook.ts';
import { getNetworkWebhook } from './operator/get-network-webhook.ts';
import { getWindow } from './operator/get-window.ts';
import { listConnections } from './operator/list-connections.ts';
import { listNetworkWebhookDeliveries } from './operator/list-network-webhook-deliveries.ts';
import { listNetworkWebhooks } from './operator/list-network-webhooks.ts';
import { listWindows } from './operator/list-windows.ts';
import { redeliverNetworkWebhook } from './operator/redeliver-network-webhook.ts';
import { removeConnection } from './operator/remove-connection.ts';
import { renewNetworkWebhookSecret } from './operator/renew-network-webhook-secret.ts';
import { setConnection } from './operator/set-connection.ts';
import { testNetworkWebhook } from './operator/test-network-webhook.ts';
import { whoami } from './operator/whoami.ts';
import { acceptRecall } from './platform/accept-recall.ts';
import { addEvidence } from './platform/add-evidence.ts';
import { appealDispute } from './platform/appeal-dispute.ts';
import { askForRecall } from './platform/ask-for-recall.ts';
import { batch } from './platform/batch.ts';
import { cancelRedemption } from './platform/cancel-redemption.ts';
import { capture } from './platform/capture.ts';
import { changeWebhook } from './platform/change-webhook.ts';
import { createWebhook } from './platform/create-webhook.ts';
import { deleteWebhook } from './platform/delete-webhook.ts';
import { earn } from './platform/earn.ts';
import { fulfilRedemption } from './platform/fulfil-redemption.ts';
import { getBalance } from './platform/get-balance.ts';
import { getDispute } from './platform/get-dispute.ts';
import { getEvidence } from './platform/get-evidence.ts';
import { getHistory } from './platform/get-history.ts';
import { getLiability } from './platform/get-liability.ts';
import { getRates } from './platform/get-rates.ts';
import { getRecall } from './platform/get-recall.ts';
import { getRedemption } from './platform/get-redemption.ts';
import { getReserve } from './platform/get-reserve.ts';
import { getSettlement } from './platform/get-settlement.ts';
import { getStatement } from './platform/get-statement.ts';
import { getTransaction } from './platform/get-transaction.ts';
import { getUser } from './platform/get-user.ts';
import { getVoucher } from './platform/get-voucher.ts';
import { getWebhook } from './platform/get-webhook.ts';
import { hold } from './platform/hold.ts';
import { linkUser } from './platform/link-user.ts';
import { listDisputes } from './platform/list-disputes.ts';
import { listEvents } from './platform/list-events.ts';
import { listRecalls } from './platform/list-recalls.ts';
import { listRedemptionOptions } from './platform/list-redemption-options.ts';
import { listRewards } from './platform/list-rewards.ts';
import { listSettlementTransactions } from './platform/list-settlement-transactions.ts';
import { listSettlements } from './platform/list-settlements.ts';
import { listWebhookDeliveries } from './platform/list-webhook-deliveries.ts';
import { listWebhooks } from './platform/list-webhooks.ts';
import { openDispute } from './platform/open-dispute.ts';
import { ping } from './platform/ping.ts';
import { quote } from './platform/quote.ts';
import { redeem } from './platform/redeem.ts';
import { redeliverWebhook } from './platform/redeliver-webhook.ts';
import { refuseRecall } from './platform/refuse-recall.ts';
import { release } from './platform/release.ts';
import { renewWebhookSecret } from './platform/renew-webhook-secret.ts';
import { respondToDispute } from './platform/respond-to-dispute.ts';
import { reverse } from './platform/reverse.ts';
import { setTags } from './platform/set-tags.ts';
import { testWebhook } from './platform/test-webhook.ts';
import { transfer } from './platform/transfer.ts';
import { validateRedemption } from './platform/validate-redemption.ts';
import { withdrawDispute } from './platform/withdraw-dispute.ts';
import { withdrawRecall } from './platform/withdraw-recall.ts';

/** By token and signature. */
export const platformRoutes: readonly PlatformRow[] = [
  { route: earn, scope: 'points:write' },
  { route: transfer, scope: 'points:transfer' },
  { route: redeem, scope: 'points:redeem' },
  { route: hold, scope: 'points:write' },
  { route: capture, scope: 'points:write' },
  { route: release, scope: 'points:write' },
  { route: reverse, scope: 'points:write' },
  { route: batch, scope: 'points:write' },
  { route: ping, scope: null },
  { route: quote, scope: 'points:read' },
  { route: getBalance, scope: 'points:read' },
  { route: getHistory, scope: 'points:read' },
  { route: getTransaction, scope: 'points:read' },
  { route: getRates, scope: 'points:read' },
  { route: linkUser, scope: 'users:write' },
  { route: getUser, scope: 'users:read' },
  { route: setTags, scope: 'users:write' },
  { route: listRewards, scope: 'points:read' },
  { route: listRedemptionOptions, scope: 'points:read' },
  { route: validateRedemption, scope: 'points:read' },
  { route: getRedemption, scope: 'redemptions:read' },
  { route: getVoucher, scope: 'redemptions:read' },
  { route: fulfilRedemption, scope: 'redemptions:write' },
  { route: cancelRedemption, scope: 'redemptions:write' },
  { route: listEvents, scope: 'events:read' },
  { route: createWebhook, scope: 'webhooks:write' },
  { route: listWebhooks, scope: 'webhooks:read' },
  { route: getWebhook, scope: 'webhooks:read' },
  { route: changeWebhook, scope: 'webhooks:write' },
  { route: deleteWebhook, scope: 'webhooks:write' },
  { route: renewWebhookSecret, scope: 'webhooks:write' },
  { route: testWebhook, scope: 'webhooks:write' },
  { route: listWebhookDeliveries, scope: 'webhooks:read' },
  { route: redeliverWebhook, scope: 'webhooks:write' },
  { route: openDispute, scope: 'disputes:write' },
  { route: listDisputes, scope: 'disputes:read' },
  { route: getDispute, scope: 'disputes:read' },
  { route: respondToDispute, scope: 'disputes:write' },
  { route: addEvidence, scope: 'disputes:write' },
  { route: getEvidence, scope: 'disputes:read' },
  { route: appealDispute, scope: 'disputes:write' },
  { route: withdrawDispute, scope: 'disputes:write' },
  { route: askForRecall, scope: 'recalls:write' },
  { route: listRecalls, scope: 'recalls:read' },
  { route: getRecall, scope: 'recalls:read' },
  { route: acceptRecall, scope: 'recalls:write' },
  { route: refuseRecall, scope: 'recalls:write' },
  { route: withdrawRecall, scope: 'recalls:write' },
  { route: getLiability, scope: 'settlement:read' },
  { route: getReserve, scope: 'settlement:read' },
  { route: listSettlements, scope: 'settlement:read' },
  { route: getSettlement, scope: 'settlement:read' },
  { route: getStatement, scope: 'settlement:read' },
  { route: listSettlementTransactions, scope: 'settlement:read' },
];

const ANY: readonly Role[] = ['operator', 'approver', 'auditor', 'support'];
const READ: readonly Role[] = ['operator', 'approver', 'auditor'];
const ACT: readonly Role[] = ['operator'];

/** By an operator's token. */
export const operatorRoutes: readonly OperatorRow[] = [
  { route: whoami, roles: ANY },
  { route: listConnections, roles: READ },
  { route: setConnection, roles: ACT, acts: ['connection_set'] },
  { route: removeConnection, roles: ACT, acts: ['connection_remove'] },
  { route: createNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: listNetworkWebhooks, roles: READ },
  { route: getNetworkWebhook, roles: READ },
  { route: changeNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: deleteNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: renewNetworkWebhookSecret, roles: ACT, acts: ['webhook_change'] },
  { route: testNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: listNetworkWebhookDeliveries, roles: READ },
  { route: redeliverNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: listWindows, roles: READ },
  { route: getWindow, roles: READ },
];

/** Without the guards of a side. */
export const openRoutes: readonly OpenRow[] = [
  { route: health, callers: 'anybody' },
  { route: live, callers: 'anybody' },
  { route: ready, callers: 'anybody' },
  { route: metrics, callers: 'reader' },
  { route: listProblems, callers: 'anybody' },
  { route: getProblem, callers: 'anybody' },
  { route: getOpenApi, callers: 'anybody' },
];
