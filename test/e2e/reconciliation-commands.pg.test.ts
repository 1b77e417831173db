// `pontis reconcile`: runs, breaks and what is done about them; killed in the middle
// of a statement, the next run goes on from the last page.

import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { patience } from '../fixtures/patience.ts';
import { spawnProgram } from '../fixtures/program.ts';
import { insertSaga } from '../fixtures/sagas.ts';

const PLATFORM = 'own_points';
const PAGE = 2;

interface Line {
  readonly transaction_id: string;
  readonly operation: string;
  readonly user_id: string;
  readonly amount: number;
  readonly effect: number;
}

/** A platform that has a statement and a total, in pages of two lines. */
let platform: Server;
let lines: Line[];
let asked: string[];
/** Waited before each page. */
let delayMs: number;
let database: TestDatabase;
let folder: string;
let environment: Record<string, string>;

beforeEach(async () => {
  [lines, asked, delayMs] = [[], [], 0];
  platform = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (url.pathname.endsWith('/total_points')) {
      response.end(
        JSON.stringify({
          total_points: 1_000 + lines.reduce((sum, { effect }) => sum + effect, 0),
        }),
      );
      return;
    }
    if (!url.pathname.endsWith('/statement')) {
      response
        .writeHead(404)
        .end(JSON.stringify({ error: 'Unknown transaction', state: 'unknown' }));
      return;
    }
    const since = url.searchParams.get('since') ?? '0';
    asked.push(since);
    const entries = lines.slice(Number(since), Number(since) + PAGE);
    const next = Number(since) + entries.length;
    setTimeout(
      () =>
        response.end(
          JSON.stringify({ entries, next_cursor: String(next), more: next < lines.length }),
        ),
      delayMs,
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => platform.once('listening', resolve));
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pontis-reconcile-'));
  environment = {
    DATABASE_URL: database.url,
    PONTIS_DATA: folder,
    PONTIS_ALLOW_PRIVATE_TARGETS: 'true',
    PONTIS_CONNECTOR_TOKEN: 't0ken',
  };
  const url = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`;
  expect(
    await pontis(
      'platform',
      'add',
      PLATFORM,
      '--name',
      'Own',
      '--custody',
      'connected',
      '--multiplier',
      '1.0',
      '--connector-url',
      url,
    ),
  ).toMatchObject({ code: 0 });
});
afterEach(async () => {
  platform?.closeAllConnections();
  platform?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
  runInProcess(args, environment);

/** A transfer that both sides know of. */
async function both(): Promise<void> {
  const { publicId } = await insertSaga(database.pool, { effect: 150n, platformId: PLATFORM });
  lines.push({
    transaction_id: publicId,
    operation: 'add',
    user_id: 'u',
    amount: 1.5,
    effect: 1.5,
  });
}

it(
  'an operator runs it, sees the breaks by age, and accepts one',
  { timeout: patience(300_000) },
  async () => {
    const { token } = JSON.parse((await pontis('operator', 'add', 'olga', '--json')).stdout) as {
      token: string;
    };
    for (let count = 0; count < 3; count += 1) await both();
    const first = await pontis('reconcile', 'run', '--platform', PLATFORM, '--json');
    expect(first).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({
      runs: [
        {
          platform_id: PLATFORM,
          state: 'complete',
          lines_read: 3,
          compared: 3,
          matched: 3,
          breaks: {},
          total: { state: 'baseline', ours: 1_004.5, theirs: 1_004.5 },
        },
      ],
    });

    // Listed twice, and something that nobody here has heard of.
    lines.push(lines[0]!, {
      transaction_id: 'order-7',
      operation: 'deduct',
      user_id: 'u',
      amount: 2,
      effect: -2,
    });
    expect(await pontis('reconcile', 'run', '--as-token', token)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /own_points +incremental +complete .* duplicate 1, unknown_reference 1 +agrees/,
      ),
    });
    const listed = await pontis('reconcile', 'breaks');
    expect(listed.stdout).toMatch(
      /own_points +duplicate +txn_[0-9a-f]{32} +1\.50 +3\.00 +open +0 /,
    );
    expect(listed.stdout).toMatch(
      /\nopen +0-1 days +1-3 days +3-7 days +7\+ days\nduplicate +1 +0 +0 +0\n/,
    );
    const { breaks } = JSON.parse(
      (await pontis('reconcile', 'breaks', '--category', 'unknown_reference', '--json')).stdout,
    ) as { breaks: { break_id: string }[] };
    const id = breaks[0]?.break_id ?? '';
    expect(
      await pontis('reconcile', 'adjust', id, '--reason', 'lost', '--as-token', token),
    ).toMatchObject({ code: 65, stderr: expect.stringContaining('Break not adjustable') });
    expect(await pontis('reconcile', 'recheck', id, '--as-token', token)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^resolved: both sides agree/),
    });
    expect(
      await pontis('reconcile', 'accept', id, '--reason', 'their test', '--as-token', token),
    ).toMatchObject({ code: 65, stderr: expect.stringContaining('Break already closed') });
    expect((await pontis('reconcile', 'runs', '--limit', '1')).stdout.split('\n')).toHaveLength(3);
  },
);

it(
  'killed in the middle of a statement has made no break, and the next run goes on from the last page',
  { timeout: patience(300_000) },
  async () => {
    for (let count = 0; count < 12; count += 1) await both();
    delayMs = 100;
    const killed = spawnProgram(['reconcile', 'run', '--platform', PLATFORM], environment);
    while (asked.length < 4) await sleep(5);
    await killed.stop('SIGKILL');
    const { rows } = await database.pool.query<{ cursor: string }>(
      'select next_cursor as cursor from clearing.statement',
    );
    const cursor = rows[0]?.cursor ?? '';
    expect(Number(cursor)).toBeGreaterThanOrEqual(PAGE);
    expect((await database.pool.query('select from clearing.break')).rowCount).toBe(0);
    [asked, delayMs] = [[], 0];
    const again = await pontis('reconcile', 'run', '--platform', PLATFORM, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      runs: [
        {
          state: 'complete',
          lines_read: 12 - Number(cursor),
          compared: 12,
          matched: 12,
          breaks: {},
        },
      ],
    });
    expect(asked[0]).toBe(cursor);
    const { runs } = JSON.parse((await pontis('reconcile', 'runs', '--json')).stdout) as {
      runs: { state: string; reason: string }[];
    };
    expect(runs.map(({ state, reason }) => [state, reason])).toEqual([
      ['complete', null],
      ['incomplete', 'the process that ran it ended before the run was complete'],
    ]);
  },
);
