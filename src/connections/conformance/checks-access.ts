// Conformance: access. Nothing may happen for a caller who cannot prove to be the network.

import { expectRefused, type Check } from './check.ts';
import type { Forgery, Probe, SendOptions } from './probe.ts';

/** Well outside the 300 seconds of tolerance, and well inside. */
const STALE_SECONDS = 400;
const FRESH_SECONDS = 200;

function secondsFromNow(offset: number): Forgery {
  return { timestamp: String(Math.floor(Date.now() / 1000) + offset) };
}

interface Intrusion {
  readonly name: string;
  readonly meaning: string;
  readonly status: 401 | 403;
  /** What is wrong with the call. */
  readonly options: () => SendOptions;
  /** Its fault is in the body, which a GET does not have. */
  readonly postOnly?: true;
}

const intrusions: readonly Intrusion[] = [
  {
    name: 'token_missing',
    meaning: 'A call without Authorization is answered with 401.',
    status: 401,
    options: () => ({ headers: { Authorization: undefined } }),
  },
  {
    name: 'token_wrong',
    meaning: 'A call with another bearer token is answered with 401, however well it is signed.',
    status: 401,
    options: () => ({ headers: { Authorization: 'Bearer not-the-token' } }),
  },
  {
    name: 'signature_missing',
    meaning: 'A call without X-Signature is answered with 403.',
    status: 403,
    options: () => ({ headers: { 'X-Signature': undefined } }),
  },
  {
    name: 'signature_wrong',
    meaning: 'A call with a signature of another secret is answered with 403.',
    status: 403,
    options: () => ({ headers: { 'X-Signature': '0'.repeat(64) } }),
  },
  {
    name: 'signature_covers_path',
    meaning: 'A signature made for another path is answered with 403.',
    status: 403,
    options: () => ({ forgery: { path: '/api/internal/elsewhere' } }),
  },
  {
    name: 'signature_covers_method',
    meaning: 'A signature made for another method is answered with 403.',
    status: 403,
    options: () => ({ forgery: { method: 'DELETE' } }),
  },
  {
    name: 'signature_covers_body',
    meaning: 'A signature made for another body is answered with 403.',
    status: 403,
    postOnly: true,
    options: () => ({ forgery: { body: '{"amount":1}' } }),
  },
  {
    name: 'timestamp_old',
    meaning: `A call signed ${STALE_SECONDS} seconds ago is answered with 403.`,
    status: 403,
    options: () => ({ forgery: secondsFromNow(-STALE_SECONDS) }),
  },
  {
    name: 'timestamp_future',
    meaning: `A call signed ${STALE_SECONDS} seconds ahead is answered with 403.`,
    status: 403,
    options: () => ({ forgery: secondsFromNow(STALE_SECONDS) }),
  },
  {
    name: 'platform_other',
    meaning: 'A call that names another platform in X-Platform-ID is answered with 403.',
    status: 403,
    options: () => ({ headers: { 'X-Platform-ID': 'some_other_platform' } }),
  },
];

export const accessChecks: readonly Check[] = [
  {
    name: 'health',
    meaning: 'GET /health answers 200 with {"status": …}, without token and signature.',
    needsUser: false,
    async run(probe, complain) {
      const unsigned = {
        Authorization: undefined,
        'X-Platform-ID': undefined,
        'X-Timestamp': undefined,
        'X-Signature': undefined,
      };
      const { status } = await probe.get('/health', { headers: unsigned });
      if (status !== 200)
        return complain(`GET /health was answered with ${status} instead of 200.`);
      if ((await probe.client.checkHealth()).outcome !== 'yes')
        complain('GET /health: the body is not {"status": …}.');
    },
  },
  ...intrusions.flatMap(checksOf),
  {
    name: 'timestamp_tolerated',
    meaning: `A call signed up to 300 seconds ago or ahead is accepted: clocks differ.`,
    needsUser: false,
    async run(probe, complain) {
      for (const offset of [-FRESH_SECONDS, FRESH_SECONDS]) {
        const { status } = await probe.get('/api/internal/total_points', {
          forgery: secondsFromNow(offset),
        });
        if (status !== 200)
          complain(
            `A call signed ${FRESH_SECONDS} seconds ${offset < 0 ? 'ago' : 'ahead'} was ` +
              `answered with ${status} instead of 200.`,
          );
      }
    },
  },
];

/** Reading and moving have separate doors, so both are tried; moving needs a user. */
function checksOf({ name, meaning, status, options, postOnly }: Intrusion): Check[] {
  const reading: Check = {
    name: `${name}_get`,
    meaning,
    needsUser: false,
    async run(probe, complain) {
      expectRefused(
        complain,
        'GET /api/internal/total_points',
        await probe.get('/api/internal/total_points', options()),
        [status],
      );
    },
  };
  const moving: Check = {
    name: `${name}_post`,
    meaning: `${meaning} Nothing is moved.`,
    needsUser: true,
    run: (probe, complain) => tryToMove(probe, complain, status, options()),
  };
  return postOnly ? [moving] : [reading, moving];
}

async function tryToMove(
  probe: Probe,
  complain: (sentence: string) => void,
  status: number,
  options: SendOptions,
): Promise<void> {
  const step = probe.newStep(1n);
  expectRefused(complain, 'POST /api/internal/add', await probe.send('add', step, options), [
    status,
  ]);
  const { state } = await probe.find(step);
  if (state !== 'unknown')
    complain(
      `The call was not proved to be the network's, and the transaction is ${state} nevertheless.`,
    );
}
