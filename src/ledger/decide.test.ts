// Every decision against a model that shares no code with it, through random sequences of commands.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectReplayable, met, network, Pair, step } from '../../test/fixtures/decision-pair.ts';
import { patience } from '../../test/fixtures/patience.ts';
import { long, seedOf } from '../../test/fixtures/seed.ts';

const seed = seedOf('decide');
/** Of the sequences that must provoke every answer. */
const FIXED_SEED = 11;

describe('decisions', () => {
  const agree = fc.property(
    network,
    fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }),
    (shape, steps) => {
      const pair = new Pair(shape);
      for (const next of steps) pair.run(next);
      expectReplayable(pair.ledger);
    },
  );

  it(
    'agree with the naive model on every answer, lot, debt and total, whatever is asked in whatever order',
    () => {
      fc.assert(agree, { seed, numRuns: long ? 5_000 : 100 });
    },
    patience(long ? 600_000 : 60_000),
  );

  const answers = `
    earn        posted invalid_expiry
    transfer    posted insufficient_balance same_account insufficient_reserve amount_too_small
    redeem      posted insufficient_balance reward_not_available
    hold        posted insufficient_balance invalid_expiry
    capture     posted hold_not_found hold_resolved hold_expired capture_exceeds_hold
    release     posted hold_resolved invalid_expiry
    reverse     posted already_reversed not_reversible not_whole_units clawback_refused
    clawback    posted clawback_refused
    expire      posted insufficient_balance
    adjust      posted insufficient_balance
    deposit     posted
    withdraw    posted insufficient_prefund
    settle      posted insufficient_prefund insufficient_reserve`;
  it('are all provoked by sequences that do not change from run to run', () => {
    met.clear();
    fc.assert(agree, { seed: FIXED_SEED, numRuns: 200 });
    const expected = answers
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [kind, ...codes] = line.trim().split(/ +/);
        return codes.map((code) => `${kind} ${code}`);
      });
    expect(expected.filter((answer) => !met.has(answer))).toEqual([]);
  });
});
