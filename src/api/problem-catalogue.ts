// Lists all problems of all modules: /problems documents them, and the tests provoke each.

import { actProblems } from '../acts/acts.ts';
import { disputeProblems } from '../clearing/disputes/disputes.ts';
import { recallProblems } from '../clearing/recalls/recalls.ts';
import { reserveProblems } from '../clearing/reserve/reserve.ts';
import { reconciliationProblems } from '../clearing/reconciliation/reconciliation.ts';
import { sagaProblems } from '../clearing/saga/saga.ts';
import { settlementProblems } from '../clearing/settlement/settlement.ts';
import { connectionProblems } from '../connections/connections.ts';
import { webhookProblems } from '../events/events.ts';
import { identityProblems } from '../identity/identity.ts';
import type { ProblemRow } from '../kernel/problem.ts';
import { ledgerProblems } from '../ledger/ledger.ts';
import { rewardsProblems } from '../rewards/rewards.ts';
import { valuationProblems } from '../valuation/valuation.ts';
import { securityProblems } from '../security/security.ts';
import { apiProblems } from '../http/problems.ts';

/** A problem with its code and its module. */
export interface CatalogueEntry extends ProblemRow {
  readonly code: string;
  /** The module that defines it. */
  readonly module: string;
}

const tables = {
  security: securityProblems,
  identity: identityProblems,
  acts: actProblems,
  api: apiProblems,
  valuation: valuationProblems,
  ledger: ledgerProblems,
  rewards: rewardsProblems,
  connection: connectionProblems,
  reconciliation: reconciliationProblems,
  saga: sagaProblems,
  disputes: disputeProblems,
  recalls: recallProblems,
  reserve: reserveProblems,
  settlement: settlementProblems,
  webhook: webhookProblems,
};

type Tables = typeof tables;

/** The code of a problem of any module. */
export type ProblemCode = { [Module in keyof Tables]: keyof Tables[Module]['rows'] }[keyof Tables];

/** In order of precedence. */
export const problemCatalogue: readonly CatalogueEntry[] = Object.entries(tables).flatMap(
  ([module, table]) =>
    Object.entries<ProblemRow>(table.rows).map(([code, row]) => ({ code, module, ...row })),
);
