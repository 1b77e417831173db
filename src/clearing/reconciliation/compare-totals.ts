// Compares the platform's total with the total that follows from its statement. Both move while
// they are read, so a result is given only where no movement can explain the difference.

import type { ConnectorClient } from '../../connections/connections.ts';
import { askPlatform, type Answer, type Patience } from './ask-platform.ts';
import type { StatementReader } from './read-statement.ts';
import type { TotalFinding } from './types.ts';

/** How often statement, total and statement are read before the platform counts as moving. */
const ATTEMPTS = 6;
/** A difference counts when it shows this many times in a row while nothing moves. */
const CONFIRMATIONS = 2;

export interface TotalParts {
  readonly connector: Pick<ConnectorClient, 'getTotalPoints'>;
  readonly reader: StatementReader;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /** The platform's total before its statement begins; null when it is not known yet. */
  readonly openingTotal: bigint | null;
}

/**
 * The reader has just reached the end. A statement lists movements in the order of their commits,
 * so the total at any moment is the opening total plus some beginning of the statement.
 */
export async function compareTotals({
  connector,
  reader,
  patience,
  signal,
  openingTotal,
}: TotalParts): Promise<Answer<TotalFinding>> {
  let confirmed = 0;
  let last: TotalFinding = { state: 'moving', ours: null, theirs: null };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const total = await askPlatform(
      'its total',
      () => connector.getTotalPoints(),
      patience,
      signal,
    );
    if (!total.answered) return total;
    const theirs = total.value;
    const before = reader.statement.effectSum;
    let explained = openingTotal !== null && theirs === openingTotal + before;
    const reading = await reader.readToEnd(
      (effectSum) => (explained ||= openingTotal !== null && theirs === openingTotal + effectSum),
    );
    if (!reading.ended) return { answered: false, reason: reading.reason };
    const quiet = reading.lines === 0;
    if (openingTotal === null) {
      if (quiet) return { answered: true, value: { state: 'baseline', ours: theirs, theirs } };
      continue;
    }
    if (explained) return { answered: true, value: { state: 'agrees', ours: theirs, theirs } };
    last = { state: 'moving', ours: openingTotal + before, theirs };
    confirmed = quiet ? confirmed + 1 : 0;
    if (confirmed >= CONFIRMATIONS) return { answered: true, value: { ...last, state: 'differs' } };
  }
  return { answered: true, value: last };
}
