// The sandbox as a process: what it acknowledged survives being killed, its faults come as they are
// set, and again with the same seed.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createConnectorClient,
  type ConnectorClient,
} from '../../src/connections/connector-client.ts';
import { createConnectorTransport } from '../../src/connections/connector-transport.ts';
import type { ConnectorOutcome, StatementEntry, Step } from '../../src/connections/types.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, seedOf } from '../fixtures/seed.ts';
import { SANDBOX, spawnSandbox, startSandbox, type RunningSandbox } from '../fixtures/sandbox.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'pontis-sandbox-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function valueOf<T>(outcome: ConnectorOutcome<T>): T {
  if (outcome.outcome !== 'yes') throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

async function wholeStatement(client: ConnectorClient): Promise<StatementEntry[]> {
  const entries: StatementEntry[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = valueOf(await client.readStatement(cursor, 500));
    entries.push(...page.entries);
    ({ nextCursor: cursor, more } = page);
  }
  return entries;
}

describe('killed under load', () => {
  it(
    'has lost nothing that it acknowledged, and repeating makes everything happen once',
    { timeout: patience(90_000) },
    async () => {
      const random = createRandom(seedOf('sandbox killed'));
      const folder = join(root, 'killed');
      const users = ['u0', 'u1', 'u2'];
      const sent: { readonly kind: 'add' | 'deduct'; readonly step: Step; outcome: string }[] = [];

      for (let round = 0; round < 3; round += 1) {
        const sandbox = await startSandbox(
          folder,
          Object.fromEntries(users.map((userId) => [userId, '50'])),
        );
        const client = createConnectorClient(sandbox.target);
        const killed = new AbortController();
        const workers = Array.from({ length: 16 }, async (_, worker) => {
          for (let count = 0; !killed.signal.aborted; count += 1) {
            const kind = random.chance(0.5) ? 'add' : 'deduct';
            const one = {
              kind,
              step: {
                userId: random.pick(users),
                amountMinor: BigInt(random.int(1, 2_000)),
                transactionId: `t-${round}-${worker}-${count}`,
              },
              outcome: 'unknown',
            } as (typeof sent)[number];
            sent.push(one);
            one.outcome = (await client[kind](one.step)).outcome;
            if (one.outcome === 'unknown') return;
          }
        });
        const before = sent.length;
        while (sent.filter(({ outcome }) => outcome !== 'unknown').length < before + 200)
          await sleep(5);
        await sleep(random.int(0, 20));
        await sandbox.program.stop('SIGKILL');
        killed.abort();
        await Promise.all(workers);
      }

      const sandbox = await startSandbox(folder, {});
      const client = createConnectorClient(sandbox.target);
      const states: Record<string, readonly string[]> = {
        yes: ['applied'],
        no: ['refused'],
        unknown: ['applied', 'refused', 'unknown'],
      };
      for (const { step, outcome } of sent) {
        const found = valueOf(await client.findTransaction(step.transactionId));
        expect(states[outcome], `${step.transactionId} was answered with ${outcome}`).toContain(
          found.state,
        );
      }
      expect(sent.some(({ outcome }) => outcome === 'unknown')).toBe(true);

      for (const { kind, step, outcome } of sent) {
        const again = await client[kind](step);
        if (outcome !== 'unknown') expect(again.outcome).toBe(outcome);
      }
      const statement = await wholeStatement(client);
      expect(new Set(statement.map(({ transactionId }) => transactionId)).size).toBe(
        statement.length,
      );
      const moved = statement.reduce((sum, { effectMinor }) => sum + effectMinor, 0n);
      expect(valueOf(await client.getTotalPoints())).toBe(15_000n + moved);
      for (const userId of users) {
        const ofUser = statement
          .filter((entry) => entry.userId === userId)
          .reduce((sum, { effectMinor }) => sum + effectMinor, 0n);
        expect(valueOf(await client.findBalance(userId))).toBe(5_000n + ofUser);
      }
      await sandbox.program.stop();
    },
  );
});

describe('a fault', () => {
  let sandbox: RunningSandbox;
  let client: ConnectorClient;
  let count = 0;
  const newStep = (transactionId = `f-${(count += 1)}`): Step => ({
    userId: 'ann',
    amountMinor: 100n,
    transactionId,
  });
  const effect = async ({ transactionId }: Step): Promise<string> => {
    await sandbox.setFaults({});
    return valueOf(await client.findTransaction(transactionId)).state;
  };

  beforeAll(async () => {
    sandbox = await startSandbox(join(root, 'faults'), { ann: '1000' });
    client = createConnectorClient(sandbox.target, { timeoutMs: 2_000 });
  });
  afterAll(() => sandbox?.program.stop());

  it.each([
    ['error_500', 'status', 'unknown'],
    ['reset_before_apply', 'reset', 'unknown'],
    ['reset_after_apply', 'reset', 'applied'],
    ['error_after_apply', 'status', 'applied'],
  ])(
    '%s is unknown to the caller, and the transaction is then %3$s',
    async (name, reason, state) => {
      const step = newStep();
      expect(await sandbox.setFaults({ [name]: 1 })).toBe(200);
      expect(await client.deduct(step)).toMatchObject({ outcome: 'unknown', reason });
      expect(await effect(step)).toBe(state);
    },
  );

  it('duplicate_delivery moves points once', async () => {
    const before = valueOf(await client.findBalance('ann'));
    await sandbox.setFaults({ duplicate_delivery: 1 });
    expect((await client.add(newStep())).outcome).toBe('yes');
    expect(valueOf(await client.findBalance('ann'))).toBe(before + 100n);
  });

  it("down resets every connection but the panel's", async () => {
    await sandbox.setFaults({ down: true });
    expect(await client.checkHealth()).toMatchObject({ outcome: 'unknown', reason: 'reset' });
    expect(await client.deduct(newStep())).toMatchObject({ outcome: 'unknown', reason: 'reset' });
    expect(await sandbox.setFaults({})).toBe(200);
    expect((await client.checkHealth()).outcome).toBe('yes');
  });

  it('wrong_total is off by as much as is set, and latency_ms makes callers give up', async () => {
    const right = valueOf(await client.getTotalPoints());
    await sandbox.setFaults({ wrong_total: '-0.01' });
    expect(valueOf(await client.getTotalPoints())).toBe(right - 1n);
    await sandbox.setFaults({ latency_ms: 1_000 });
    const hasty = createConnectorClient(sandbox.target, { timeoutMs: 100 });
    expect(await hasty.deduct(newStep())).toMatchObject({ outcome: 'unknown', reason: 'timeout' });
    await sandbox.setFaults({});
  });

  it('hits the same calls again with the same seed, in whatever order they come, and others with another', async () => {
    const hits = async (seed: number, order: (ids: string[]) => string[]): Promise<string[]> => {
      await sandbox.setFaults({ error_500: 0.3, reset_before_apply: 0.2, seed });
      const ids = order(Array.from({ length: 40 }, (_, index) => `s-${index}`));
      const outcomes = await Promise.all(
        ids.map(async (id) => [id, (await client.add(newStep(id))).outcome] as const),
      );
      return outcomes
        .filter(([, outcome]) => outcome === 'unknown')
        .map(([id]) => id)
        .toSorted();
    };
    const first = await hits(7, (ids) => ids);
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThan(35);
    expect(await hits(7, (ids) => ids.toReversed())).toEqual(first);
    expect(await hits(8, (ids) => ids)).not.toEqual(first);
    await sandbox.setFaults({});
  });

  it('is refused when there is no such fault or value, and to whoever is not of the panel', async () => {
    for (const faults of [
      { error_501: 1 },
      { error_500: 2 },
      { latency_ms: -1 },
      { wrong_total: 'x' },
      { down: 1 },
      { toString: 1 },
    ])
      expect(await sandbox.setFaults(faults)).toBe(400);
    for (const token of [undefined, `Bearer ${SANDBOX.token}`]) {
      const answer = await fetch(`${sandbox.target.url}/faults`, {
        headers: token === undefined ? {} : { authorization: token },
      });
      expect(answer.status).toBe(401);
    }
  });
});

describe('the sandbox', () => {
  it('keeps what users have when it is started again, and stops when asked', async () => {
    const folder = join(root, 'again');
    const first = await startSandbox(folder, { ann: '10.50' }, ['--error-500', '0', '--seed', '3']);
    expect(
      (
        await createConnectorClient(first.target).deduct({
          userId: 'ann',
          amountMinor: 1n,
          transactionId: 't',
        })
      ).outcome,
    ).toBe('yes');
    expect(await first.program.stop('SIGTERM')).toMatchObject({ code: 0 });
    const second = await startSandbox(folder, { ann: '10.50' });
    expect(valueOf(await createConnectorClient(second.target).findBalance('ann'))).toBe(1_049n);
    expect(await second.program.stop()).toMatchObject({ code: 0 });
  });

  it('answers the calls of its README as the README says', async () => {
    const readme = readFileSync(
      join(import.meta.dirname, '..', '..', 'sandbox', 'README.md'),
      'utf8',
    );
    const block = (language: string, containing: string): string =>
      [...readme.matchAll(/```(\w+)\n([^]*?)```/g)].find(
        ([, tag, text]) => tag === language && text?.includes(containing),
      )?.[2] ?? '';
    const start = block('sh', 'node sandbox/main.ts')
      .replaceAll('\\\n', ' ')
      .trim()
      .split(/\s+/)
      .slice(2);
    const sandbox = spawnSandbox(
      start.map((arg) => (arg === '8090' ? '0' : arg === '.sandbox' ? join(root, 'readme') : arg)),
    );
    while (sandbox.url === '') await sleep(20);
    const here = (script: string): string =>
      script.replaceAll('http://127.0.0.1:8090', sandbox.url);
    const calls = spawnSync('sh', ['-euc', here(block('sh', 'call()'))], { encoding: 'utf8' });
    const panel = spawnSync('sh', ['-euc', here(block('sh', '/faults'))], { encoding: 'utf8' });
    await sandbox.stop();
    const lines = calls.stdout.trim().split('\n');
    const told = block('json', '"success"').trim().split('\n');
    expect(lines.slice(0, told.length)).toEqual(told);
    expect(JSON.parse(lines[told.length] ?? '')).toMatchObject({
      entries: [
        { operation: 'deduct' },
        { operation: 'add' },
        { operation: 'reverse', effect: 100.5 },
      ],
      next_cursor: '3',
      more: false,
    });
    expect(JSON.parse(lines[told.length + 1] ?? '')).toEqual({
      status: 'healthy',
      platform_id: 'platform_c',
    });
    expect(panel.stdout).toContain('"reset_after_apply":0.05');
  });

  it('reads amounts as they are written', async () => {
    const sandbox = await startSandbox(join(root, 'amounts'), { ann: '0' });
    const transport = createConnectorTransport(sandbox.target);
    const add = async (literal: string, id: string): Promise<number | undefined> => {
      const reply = await transport.send({
        method: 'POST',
        path: '/api/internal/add',
        body: `{"user_id":"ann","amount":${literal},"transaction_id":"${id}"}`,
      });
      return reply.arrived ? reply.status : undefined;
    };
    // A double would read 9999999999999.991 as two decimals.
    expect([
      await add('9999999999999.991', 'a'),
      await add('10000000000000.01', 'b'),
      await add('9999999999999.99', 'c'),
      await add('9999999999999.990', 'c'),
    ]).toEqual([400, 400, 200, 200]);
    expect(await add('0.02', 'd')).toBe(200);
    expect(valueOf(await createConnectorClient(sandbox.target).findBalance('ann'))).toBe(
      10n ** 15n + 1n,
    );
    await sandbox.program.stop();
  });

  it.each([
    [[]],
    [['--platform', 'p', '--token', 't']],
    [['--nonsense']],
    [['--platform', 'p', '--token', 't', '--secret', 's', '--user', 'ann']],
    [['--platform', 'p', '--token', 't', '--secret', 's', '--down', 'maybe']],
  ])('explains itself and exits with 64 for %j', async (args) => {
    const program = spawnSandbox(args);
    expect(await program.exit()).toMatchObject({ code: 64 });
    expect(program.stderr).toContain('Usage:');
  });
});
