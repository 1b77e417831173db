// The conformance suite: runs every check against one platform, reports which fail and why, and
// leaves the platform as it was.

import type { Check } from './check.ts';
import { accessChecks } from './checks-access.ts';
import { readingChecks } from './checks-reading.ts';
import { reverseChecks } from './checks-reverse.ts';
import { stepChecks } from './checks-steps.ts';
import type { TransportOptions } from '../connector-transport.ts';
import { CheckStopped, createProbe, points, type Probe } from './probe.ts';
import type { ConnectorTarget } from '../types.ts';

export interface CheckResult {
  readonly name: string;
  /** The requirement. */
  readonly meaning: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** What is wrong, or why it was skipped; full sentences. */
  readonly complaints: readonly string[];
}

export interface ConformanceReport {
  /** False when a check failed; skipped checks do not count. */
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
}

export interface ConformanceOptions extends TransportOptions {
  /**
   * A user of the platform for tests: its points are moved, and moved back. Without one, only
   * checks that move nothing run.
   */
  readonly userId?: string | undefined;
  readonly onCheck?: ((result: CheckResult) => void) | undefined;
}

const CHECKS: readonly Check[] = [
  ...accessChecks,
  ...stepChecks,
  ...reverseChecks,
  ...readingChecks,
];
/** Lent to the user during the test, so that it needs no points of its own. */
const FUNDING_MINOR = 100_000n;

const USER_KNOWN = {
  name: 'user_known',
  meaning: 'GET /api/internal/users/{user_id} answers the balance of the user given for the test.',
};
const LEFT_AS_FOUND = {
  name: 'left_as_found',
  meaning: 'After everything was reversed, the user has what it had before the test.',
};

export async function testConnector(
  target: ConnectorTarget,
  { userId, onCheck, ...transport }: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const probe = createProbe(target, userId ?? '', transport);
  const checks: CheckResult[] = [];
  const note = (result: CheckResult): void => {
    checks.push(result);
    onCheck?.(result);
  };

  const health = await probe.client.checkHealth();
  const unreachable =
    health.outcome === 'unknown' && health.reason === 'unreachable'
      ? `The platform cannot be reached at ${target.url}: ${health.detail}.`
      : undefined;
  let startMinor: bigint | undefined;
  if (userId !== undefined && unreachable === undefined) {
    note(
      await runCheck(
        { ...USER_KNOWN, run: async () => void (startMinor = await probe.balance()) },
        probe,
      ),
    );
    if (startMinor !== undefined)
      await probe.send('add', probe.newStep(FUNDING_MINOR)).catch(() => undefined);
  }
  const noUser =
    userId === undefined
      ? 'It moves points, so it needs a user for tests: --user.'
      : 'It needs a user that the platform knows.';

  for (const check of CHECKS) {
    if (unreachable !== undefined)
      note({
        name: check.name,
        meaning: check.meaning,
        state: check.name === 'health' ? 'failed' : 'skipped',
        complaints: [unreachable],
      });
    else if (check.needsUser && startMinor === undefined)
      note({ name: check.name, meaning: check.meaning, state: 'skipped', complaints: [noUser] });
    else note(await runCheck(check, probe));
  }

  if (unreachable === undefined) await probe.undo();
  if (startMinor !== undefined)
    note(
      await runCheck(
        {
          ...LEFT_AS_FOUND,
          run: (_probe, complain) => expectBalance(probe, complain, startMinor ?? 0n),
        },
        probe,
      ),
    );
  return { ok: checks.every(({ state }) => state !== 'failed'), checks };
}

async function runCheck(
  check: Pick<Check, 'name' | 'meaning' | 'run'>,
  probe: Probe,
): Promise<CheckResult> {
  const complaints: string[] = [];
  try {
    await check.run(probe, (sentence) => void complaints.push(sentence));
  } catch (error) {
    if (!(error instanceof CheckStopped)) throw error;
    complaints.push(error.message);
  }
  return {
    name: check.name,
    meaning: check.meaning,
    state: complaints.length === 0 ? 'passed' : 'failed',
    complaints,
  };
}

async function expectBalance(
  probe: Probe,
  complain: (sentence: string) => void,
  expectedMinor: bigint,
): Promise<void> {
  const balance = await probe.balance();
  if (balance !== expectedMinor)
    complain(
      `The balance is ${points(balance)} and was ${points(expectedMinor)} before the test; ` +
        'correct it by hand.',
    );
}
