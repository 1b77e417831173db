// Lists every route of the API in one of three tables: routes for platforms, routes for operators,
// and open routes. A row says who may call the route, with which scope or role, and as which acts.
// The rows of the acts (src/acts/table.ts) say how many persons they take.
//
// In force today: a platform proves itself by token and signature and may call all of the first
// table. An operator who is not suspended may call all of the second. An act of two persons waits
// for the second person. Scopes and roles are the ones that a token or an operator will need when
// these exist; nothing checks them yet.

import type { OpenRow, OperatorRow, PlatformRow, Role } from './access.ts';
import { getConnectorOpenApi } from './open/get-connector-open-api.ts';
import { getOpenApi } from './open/get-open-api.ts';
import { getProblem } from './open/get-problem.ts';
import { health } from './open/health.ts';
import { listProblems } from './open/list-problems.ts';
import { live } from './open/live.ts';
import { metrics } from './open/metrics.ts';
import { ready } from './open/ready.ts';
import { acceptBreak } from './operator/accept-break.ts';
import { addEvidenceAsOperator } from './operator/add-evidence-as-operator.ts';
import { adjustBreak } from './operator/adjust-break.ts';
import { approveProposal } from './operator/approve-proposal.ts';
import { approveRequest } from './operator/approve-request.ts';
import { approveReserveRequest } from './operator/approve-reserve-request.ts';
import { approveReview } from './operator/approve-review.ts';
import { approveSettlementAct } from './operator/approve-settlement-act.ts';
import { approveSettlement } from './operator/approve-settlement.ts';
import { backtestProposal } from './operator/backtest-proposal.ts';
import { changeNetworkWebhook } from './operator/change-network-webhook.ts';
import { closeWindow } from './operator/close-window.ts';
import { createNetworkWebhook } from './operator/create-network-webhook.ts';
import { decideDispute } from './operator/decide-dispute.ts';
import { deleteNetworkWebhook } from './operator/delete-network-webhook.ts';
import { diffVersions } from './operator/diff-versions.ts';
import { disputeBreak } from './operator/dispute-break.ts';
import { findMember } from './operator/find-member.ts';
import { forceTransferCompleted } from './operator/force-transfer-completed.ts';
import { forceTransferFailed } from './operator/force-transfer-failed.ts';
import { getAnyDispute } from './operator/get-any-dispute.ts';
import { getAnyEvidence } from './operator/get-any-evidence.ts';
import { getAnyRecall } from './operator/get-any-recall.ts';
import { getBreak } from './operator/get-break.ts';
import { getLiabilityOfAll } from './operator/get-liability-of-all.ts';
import { getMember } from './operator/get-member.ts';
import { getNetworkWebhook } from './operator/get-network-webhook.ts';
import { getProposal } from './operator/get-proposal.ts';
import { getRequest } from './operator/get-request.ts';
import { getReserveOfPlatform } from './operator/get-reserve-of-platform.ts';
import { getRulebook } from './operator/get-rulebook.ts';
import { getTransfer } from './operator/get-transfer.ts';
import { getWindowSettings } from './operator/get-window-settings.ts';
import { getWindowStatement } from './operator/get-window-statement.ts';
import { getWindow } from './operator/get-window.ts';
import { linkMembers } from './operator/link-members.ts';
import { listAllDisputes } from './operator/list-all-disputes.ts';
import { listAllRecalls } from './operator/list-all-recalls.ts';
import { listBreaks } from './operator/list-breaks.ts';
import { listConnections } from './operator/list-connections.ts';
import { listNetworkEvents } from './operator/list-network-events.ts';
import { listNetworkWebhookDeliveries } from './operator/list-network-webhook-deliveries.ts';
import { listNetworkWebhooks } from './operator/list-network-webhooks.ts';
import { listProposals } from './operator/list-proposals.ts';
import { listReconciliations } from './operator/list-reconciliations.ts';
import { listRequests } from './operator/list-requests.ts';
import { listReserves } from './operator/list-reserves.ts';
import { listReviews } from './operator/list-reviews.ts';
import { listTransfers } from './operator/list-transfers.ts';
import { listVersions } from './operator/list-versions.ts';
import { listWindowTransactions } from './operator/list-window-transactions.ts';
import { listWindows } from './operator/list-windows.ts';
import { noteBreak } from './operator/note-break.ts';
import { openDisputeAsOperator } from './operator/open-dispute-as-operator.ts';
import { proposeAbort } from './operator/propose-abort.ts';
import { proposeChange } from './operator/propose-change.ts';
import { proposeLeaveOut } from './operator/propose-leave-out.ts';
import { proposeSettlement } from './operator/propose-settlement.ts';
import { proposeTakeBack } from './operator/propose-take-back.ts';
import { recheckBreak } from './operator/recheck-break.ts';
import { redeliverNetworkWebhook } from './operator/redeliver-network-webhook.ts';
import { rejectProposal } from './operator/reject-proposal.ts';
import { rejectRequest } from './operator/reject-request.ts';
import { rejectReserveRequest } from './operator/reject-reserve-request.ts';
import { rejectReview } from './operator/reject-review.ts';
import { removeConnection } from './operator/remove-connection.ts';
import { renewNetworkWebhookSecret } from './operator/renew-network-webhook-secret.ts';
import { requestCap } from './operator/request-cap.ts';
import { requestDeposit } from './operator/request-deposit.ts';
import { requestReconciliation } from './operator/request-reconciliation.ts';
import { requestWithdrawal } from './operator/request-withdrawal.ts';
import { retryTransfer } from './operator/retry-transfer.ts';
import { setClearingMode } from './operator/set-clearing-mode.ts';
import { setConnection } from './operator/set-connection.ts';
import { setWindowSettings } from './operator/set-window-settings.ts';
import { testNetworkWebhook } from './operator/test-network-webhook.ts';
import { undoTransfer } from './operator/undo-transfer.ts';
import { validateRulebook } from './operator/validate-rulebook.ts';
import { whoami } from './operator/whoami.ts';
import { withdrawProposal } from './operator/withdraw-proposal.ts';
import { withdrawRequest } from './operator/withdraw-request.ts';
import { withdrawReserveRequest } from './operator/withdraw-reserve-request.ts';
import { withdrawSettlementAct } from './operator/withdraw-settlement-act.ts';
import { withdrawSettlement } from './operator/withdraw-settlement.ts';
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

/** Routes for platforms, authenticated by token and signature. */
export const platformRoutes: readonly PlatformRow[] = [
  { route: earn, scope: 'points:write' },
  { route: transfer, scope: 'points:transfer' },
  { route: redeem, scope: 'points:redeem' },
  { route: hold, scope: 'points:write' },
  { route: capture, scope: 'points:write' },
  { route: release, scope: 'points:write' },
  { route: reverse, scope: 'points:write' },
  // Each operation of the batch also needs its own scope.
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
/** For the decision of the second person on another operator's request. */
const APPROVE: readonly Role[] = ['approver'];

/** Routes for operators, authenticated by an operator's token. */
export const operatorRoutes: readonly OperatorRow[] = [
  { route: whoami, roles: ANY },
  { route: listNetworkEvents, roles: READ },
  { route: listRequests, roles: READ },
  { route: getRequest, roles: READ },
  { route: approveRequest, roles: APPROVE, acts: ['request_decision'] },
  { route: rejectRequest, roles: APPROVE, acts: ['request_decision'] },
  { route: withdrawRequest, roles: ACT, acts: ['request_decision'] },

  { route: linkMembers, roles: ACT, acts: ['member_link'] },
  { route: findMember, roles: ANY },
  { route: getMember, roles: ANY },

  { route: listConnections, roles: READ },
  { route: setConnection, roles: ACT, acts: ['connection_set'] },
  { route: removeConnection, roles: ACT, acts: ['connection_remove'] },

  { route: listTransfers, roles: ANY },
  { route: getTransfer, roles: ANY },
  { route: retryTransfer, roles: ACT, acts: ['transfer_retry'] },
  { route: undoTransfer, roles: ACT, acts: ['transfer_undo'] },
  { route: forceTransferCompleted, roles: ACT, acts: ['transfer_force_completed'] },
  { route: forceTransferFailed, roles: ACT, acts: ['transfer_force_failed'] },
  { route: listReviews, roles: ANY },
  { route: approveReview, roles: APPROVE, acts: ['review_decision'] },
  { route: rejectReview, roles: APPROVE, acts: ['review_decision'] },
  { route: listAllRecalls, roles: READ },
  { route: getAnyRecall, roles: READ },

  { route: openDisputeAsOperator, roles: ACT, acts: ['dispute_open'] },
  { route: listAllDisputes, roles: READ },
  { route: getAnyDispute, roles: READ },
  { route: addEvidenceAsOperator, roles: ACT, acts: ['dispute_open'] },
  { route: getAnyEvidence, roles: READ },
  { route: decideDispute, roles: APPROVE, acts: ['dispute_decision'] },

  { route: getRulebook, roles: READ },
  { route: listVersions, roles: READ },
  { route: diffVersions, roles: READ },
  { route: validateRulebook, roles: READ, acts: ['look'] },
  { route: proposeChange, roles: ACT, acts: ['rulebook_change'] },
  { route: listProposals, roles: READ },
  { route: getProposal, roles: READ },
  { route: backtestProposal, roles: READ },
  { route: approveProposal, roles: APPROVE, acts: ['rulebook_decision'] },
  { route: rejectProposal, roles: APPROVE, acts: ['rulebook_decision'] },
  { route: withdrawProposal, roles: ACT, acts: ['rulebook_decision'] },

  { route: listReserves, roles: READ },
  { route: getReserveOfPlatform, roles: READ },
  { route: requestDeposit, roles: ACT, acts: ['reserve_money'] },
  { route: requestWithdrawal, roles: ACT, acts: ['reserve_money'] },
  { route: requestCap, roles: ACT, acts: ['reserve_cap_lower', 'reserve_cap'] },
  { route: approveReserveRequest, roles: APPROVE, acts: ['reserve_decision'] },
  { route: rejectReserveRequest, roles: APPROVE, acts: ['reserve_decision'] },
  { route: withdrawReserveRequest, roles: ACT, acts: ['reserve_decision'] },
  { route: setClearingMode, roles: ACT, acts: ['mode_narrow', 'mode_widen'] },
  { route: getLiabilityOfAll, roles: READ },

  { route: listWindows, roles: READ },
  { route: getWindow, roles: READ },
  { route: getWindowStatement, roles: READ },
  { route: listWindowTransactions, roles: READ },
  { route: getWindowSettings, roles: READ },
  { route: setWindowSettings, roles: ACT, acts: ['window_settings'] },
  { route: closeWindow, roles: ACT, acts: ['window_close'] },
  { route: proposeSettlement, roles: ACT, acts: ['window_payment'] },
  { route: approveSettlement, roles: APPROVE, acts: ['window_decision'] },
  { route: withdrawSettlement, roles: ACT, acts: ['window_decision'] },
  { route: proposeLeaveOut, roles: ACT, acts: ['window_act'] },
  { route: proposeAbort, roles: ACT, acts: ['window_act'] },
  { route: proposeTakeBack, roles: ACT, acts: ['window_act'] },
  { route: approveSettlementAct, roles: APPROVE, acts: ['window_decision'] },
  { route: withdrawSettlementAct, roles: ACT, acts: ['window_decision'] },

  { route: requestReconciliation, roles: ACT, acts: ['reconciliation_run'] },
  { route: listReconciliations, roles: READ },
  { route: listBreaks, roles: READ },
  { route: getBreak, roles: READ },
  { route: recheckBreak, roles: ACT, acts: ['break_words'] },
  { route: noteBreak, roles: ACT, acts: ['break_words'] },
  { route: acceptBreak, roles: ACT, acts: ['break_accept'] },
  { route: adjustBreak, roles: ACT, acts: ['break_adjust'] },
  { route: disputeBreak, roles: ACT, acts: ['dispute_open'] },

  { route: createNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: listNetworkWebhooks, roles: READ },
  { route: getNetworkWebhook, roles: READ },
  { route: changeNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: deleteNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: renewNetworkWebhookSecret, roles: ACT, acts: ['webhook_change'] },
  { route: testNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
  { route: listNetworkWebhookDeliveries, roles: READ },
  { route: redeliverNetworkWebhook, roles: ACT, acts: ['webhook_change'] },
];

/** Routes without the authentication of a side. */
export const openRoutes: readonly OpenRow[] = [
  { route: health, callers: 'anybody' },
  { route: live, callers: 'anybody' },
  { route: ready, callers: 'anybody' },
  { route: metrics, callers: 'reader' },
  { route: listProblems, callers: 'anybody' },
  { route: getProblem, callers: 'anybody' },
  { route: getOpenApi, callers: 'anybody' },
  { route: getConnectorOpenApi, callers: 'anybody' },
];
