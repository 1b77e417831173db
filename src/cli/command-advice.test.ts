// At a terminal, the advice of every problem names commands in place of operators' routes.

import { expect, it } from 'vitest';
import { adviceForTerminal } from './command-advice.ts';
import { actProblems } from '../acts/acts.ts';
import { connectionProblems } from '../connections/connections.ts';
import { reconciliationProblems } from '../clearing/reconciliation/reconciliation.ts';
import { reserveProblems } from '../clearing/reserve/reserve.ts';
import { settlementProblems } from '../clearing/settlement/settlement.ts';
import { valuationProblems } from '../valuation/valuation.ts';

const rows = Object.entries({
  ...actProblems.rows,
  ...connectionProblems.rows,
  ...reconciliationProblems.rows,
  ...reserveProblems.rows,
  ...settlementProblems.rows,
  ...valuationProblems.rows,
});

it.each(rows)('%s names no route of operators', (_code, { advice }) => {
  expect(adviceForTerminal(advice)).not.toMatch(/\/operator\//);
});

it('names the command in place of the route', () => {
  expect(adviceForTerminal(settlementProblems.window_not_found().detail)).toContain(
    'pontis windows list',
  );
});

it('keeps the routes that only platforms call', () => {
  expect(adviceForTerminal('Link the user with POST /api/users first.')).toContain(
    'POST /api/users',
  );
});
