// Gives schemas their names in the OpenAPI document: the nouns that answers show, and the values in
// requests. A schema of this table is recognised wherever its content appears.

import { ActRequestNowView, ActRequestView, ApprovedActView } from '../../views/act-request.ts';
import { BacktestView } from '../../views/backtest.ts';
import { ConnectionView } from '../../views/connection.ts';
import {
  DisputeView,
  DisputeWithTrail,
  EvidenceView,
  OperatorDisputeView,
  OperatorDisputeWithTrail,
  ReasonCodeText,
  SideText,
  StateText,
} from '../../views/dispute.ts';
import { Words } from '../disputes/dispute-request.ts';
import { LiabilityView } from '../../views/liability.ts';
import { MemberView } from '../../views/member.ts';
import { PartPaymentView } from '../../views/part-payment.ts';
import {
  OperatorRecallView,
  OperatorRecallWithSteps,
  RecallStateText,
  RecallView,
  RecallWithSteps,
} from '../../views/recall.ts';
import { BreaksView, BreakWithActions, RunView } from '../../views/reconciliation.ts';
import { RedemptionView, VoucherView } from '../../views/redemption.ts';
import {
  ModeChangeView,
  ReserveRequestView,
  ReserveView,
  ReserveWithHistory,
} from '../../views/reserve.ts';
import { MoneyAmount } from '../reserve/reserve-request.ts';
import { ReviewDecisionView, ReviewView } from '../../views/review.ts';
import {
  ApprovedProposalView,
  DocumentView,
  ProposalNowView,
  ProposalView,
  ProposalWithChanges,
  ValidChangeView,
  VersionView,
  VersionWithDocument,
} from '../../views/rulebook.ts';
import { DecisionBody, Reason } from '../rulebook/rulebook-request.ts';
import { DateTime, Metadata, PlatformIdText, Points, closed } from '../../views/schemas.ts';
import { StatementView, WindowTransactionsView } from '../../views/statement.ts';
import { TransactionView } from '../../views/transaction.ts';
import { TransferView, TransferWithDecisions } from '../../views/transfer.ts';
import {
  DeliveriesView,
  DeliveryView,
  WebhookView,
  WebhookWithSecret,
} from '../../views/webhook.ts';
import { ActView, WindowHead, WindowSettingsView, WindowView } from '../../views/window.ts';
import { DecisionReason } from '../acts/request-fields.ts';
import { BreakReason } from '../breaks/break-fields.ts';
import { DryRunAnswer, Explanation } from '../points/rule-answers.ts';
import {
  Amount,
  Category,
  Day,
  IdempotencyKey,
  ProblemAnswer,
  Reference,
  Tags,
  TargetUserId,
  TransactionIdText,
  UserId,
} from '../schemas.ts';
import { PaymentBody } from '../reserve/ask-for-reserve.ts';
import { ReviewReason } from '../reviews/decide-review.ts';
import { TransferReason } from '../transfers/decide-transfer.ts';
import { EvidenceBody } from '../disputes/evidence-file.ts';
import type { SchemaNames } from './name-schemas.ts';

/** Schemas by name. */
export const SCHEMA_NAMES: SchemaNames = {
  Problem: ProblemAnswer,
  NoFields: closed({}),

  PlatformId: PlatformIdText,
  UserId,
  TargetUserId,
  TransactionId: TransactionIdText,
  Amount,
  Points,
  MoneyAmount,
  IdempotencyKey,
  Reference,
  Category,
  Day,
  DateTime,
  Metadata,
  Tags,

  Transaction: TransactionView,
  DryRun: DryRunAnswer,
  Explanation,
  Redemption: RedemptionView,
  Voucher: VoucherView,
  Member: MemberView,

  Dispute: DisputeView,
  DisputeWithTrail,
  OperatorDispute: OperatorDisputeView,
  OperatorDisputeWithTrail,
  Evidence: EvidenceView,
  NewEvidence: EvidenceBody,
  DisputeReason: ReasonCodeText,
  DisputeState: StateText,
  Side: SideText,
  DisputeWords: Words,
  Recall: RecallView,
  RecallWithSteps,
  OperatorRecall: OperatorRecallView,
  OperatorRecallWithSteps,
  RecallState: RecallStateText,

  Transfer: TransferView,
  TransferWithDecisions,
  Review: ReviewView,
  ReviewDecision: ReviewDecisionView,
  ReviewReason,
  TransferReason,
  Reconciliation: RunView,
  Breaks: BreaksView,
  BreakWithActions,
  BreakReason,

  Reserve: ReserveView,
  ReserveRequest: ReserveRequestView,
  ReserveWithHistory,
  ModeChange: ModeChangeView,
  ReservePayment: PaymentBody,
  Window: WindowView,
  WindowHead,
  WindowSettings: WindowSettingsView,
  SettlementAct: ActView,
  PartPayment: PartPaymentView,
  Statement: StatementView,
  WindowTransactions: WindowTransactionsView,
  Liability: LiabilityView,

  Rulebook: DocumentView,
  ProposalDecision: DecisionBody,
  ProposalReason: Reason,
  Version: VersionView,
  VersionWithDocument,
  Proposal: ProposalView,
  ProposalWithChanges,
  ProposalNow: ProposalNowView,
  ApprovedProposal: ApprovedProposalView,
  ValidChange: ValidChangeView,
  Backtest: BacktestView,

  ActRequest: ActRequestView,
  ActRequestNow: ActRequestNowView,
  ApprovedActRequest: ApprovedActView,
  ActDecision: DecisionReason,
  Connection: ConnectionView,
  Webhook: WebhookView,
  WebhookWithSecret,
  Delivery: DeliveryView,
  Deliveries: DeliveriesView,
};
