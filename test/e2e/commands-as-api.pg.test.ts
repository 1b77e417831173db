// `--json` of a command is what its operation of the API answers: the same keys, the same types,
// null as null. All commands go through one table, on a network that has something of each noun.

import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgram } from '../../src/commands.ts';
import { createTestApi, type TestApi } from '../fixtures/api.ts';
import { runInProcess, TestTerminal } from '../fixtures/command.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { createJudge, type Judge } from '../fixtures/declared-answers.ts';
import { patience } from '../fixtures/patience.ts';

/** Commands that ask, find or do what an operation does, by its operationId. */
const OPERATIONS: Readonly<Record<string, string>> = {
  backtest: 'backtestProposal',
  'connector remove': 'removeConnection',
  'connector set': 'setConnection',
  'connector show': 'listConnections',
  'disputes decide': 'decideDispute',
  'disputes list': 'listAllDisputes',
  'disputes show': 'getAnyDispute',
  'member find': 'findMember',
  'member link': 'linkMembers',
  'member show': 'getMember',
  'rates set': 'proposeChange',
  'recalls list': 'listAllRecalls',
  'recalls show': 'getAnyRecall',
  'reconcile accept': 'acceptBreak',
  'reconcile adjust': 'adjustBreak',
  'reconcile breaks': 'listBreaks',
  'reconcile dispute': 'disputeBreak',
  'reconcile note': 'noteBreak',
  'reconcile recheck': 'recheckBreak',
  'reconcile run': 'requestReconciliation',
  'reconcile runs': 'listReconciliations',
  'report liability': 'getLiabilityOfAll',
  'requests approve': 'approveRequest',
  'requests list': 'listRequests',
  'requests reject': 'rejectRequest',
  'requests show': 'getRequest',
  'requests withdraw': 'withdrawRequest',
  'reserve approve': 'approveReserveRequest',
  'reserve cancel': 'withdrawReserveRequest',
  'reserve cap': 'requestCap',
  'reserve deposit': 'requestDeposit',
  'reserve list': 'listReserves',
  'reserve mode': 'setClearingMode',
  'reserve reject': 'rejectReserveRequest',
  'reserve show': 'getReserveOfPlatform',
  'reserve withdraw': 'requestWithdrawal',
  'reviews approve': 'approveReview',
  'reviews list': 'listReviews',
  'reviews reject': 'rejectReview',
  'rules approve': 'approveProposal',
  'rules history': 'listVersions',
  'rules proposal': 'getProposal',
  'rules proposals': 'listProposals',
  'rules propose': 'proposeChange',
  'rules reject': 'rejectProposal',
  'rules show': 'getRulebook',
  'rules validate': 'validateRulebook',
  'rules withdraw': 'withdrawProposal',
  'transfers complete': 'forceTransferCompleted',
  'transfers fail': 'forceTransferFailed',
  'transfers list': 'listTransfers',
  'transfers retry': 'retryTransfer',
  'transfers show': 'getTransfer',
  'transfers undo': 'undoTransfer',
  'webhooks deliveries': 'listNetworkWebhookDeliveries',
  'webhooks list': 'listNetworkWebhooks',
  'webhooks redeliver': 'redeliverNetworkWebhook',
  'windows abort': 'proposeAbort',
  'windows approve': 'approveSettlement',
  'windows close': 'closeWindow',
  'windows leave-out': 'proposeLeaveOut',
  'windows list': 'listWindows',
  'windows settings': 'getWindowSettings',
  'windows settle': 'proposeSettlement',
  'windows show': 'getWindow',
  'windows statement': 'getWindowStatement',
  'windows take-back': 'proposeTakeBack',
  'windows withdraw': 'withdrawSettlement',
};

/** Commands that print JSON and that no operation of the API does, each with its reason. */
const NO_OPERATION: Readonly<Record<string, string>> = {
  audit: 'It reads raw rows; only the owner of the machine runs it.',
  'connector test': 'It calls a platform from the machine of the person who tests.',
  'export journal': 'It prints a file.',
  'import earnings': 'It reads a file.',
  migrate: 'It changes the schema while no server runs.',
  'operator add': 'Operators are managed on the machine.',
  'operator list': 'Operators are managed on the machine.',
  'operator recover': 'Operators are managed on the machine.',
  'operator resume': 'Operators are managed on the machine.',
  'operator suspend': 'Operators are managed on the machine.',
  'operator token': 'Operators are managed on the machine.',
  'platform add': 'Platforms are managed on the machine.',
  'platform list': 'Platforms are managed on the machine.',
  'platform revoke': 'Platforms are managed on the machine.',
  'platform rotate-secret': 'Platforms are managed on the machine.',
  'platform signing': 'Platforms are managed on the machine.',
  'platform token': 'Platforms are managed on the machine.',
  'rates show': 'GET /api/rates tells a platform the rates of its own points; this tells all.',
  'rewards list': 'GET /api/rewards lists those of one platform; this lists all.',
  'rewards redemptions': 'No operation lists redemptions.',
  'rules diff': 'It compares a file; the operation compares two versions.',
  'rules variables': 'It lists words of this program.',
  'sandbox faults': 'It calls the sandbox.',
  'scrape-token': 'The token of a monitor is managed on the machine.',
};

/** Commands of the first table that are not run here, each with its reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'reconcile adjust': 'The function that asks for it is that of `reconcile accept`.',
  'reconcile dispute': 'The dispute that it prints is made by the function of `disputes decide`.',
};

const CONNECTED = 'platform_x';
const TOKEN = 't0ken';

let database: TestDatabase;
let api: TestApi;
let judge: Judge;
/** Method and path of each operation. */
let routes: Map<string, readonly [method: string, path: string]>;
let platform: Server;
let folder: string;
let olga: string;
let otto: string;
/** Commands whose answers were looked at. */
const seen = new Set<string>();

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  folder = mkdtempSync(join(tmpdir(), 'pontis-as-api-'));
  [olga, otto] = [await api.operator('olga'), await api.operator('otto')];
  platform = startPlatform();
  await new Promise((resolve) => platform.once('listening', resolve));
  const url = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`;
  await api.join(CONNECTED, '2.0', { url, token: TOKEN });
  const document = (await api.server.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, { operationId: string }>>;
  }>();
  judge = createJudge(document);
  routes = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => [operationId, [method.toUpperCase(), path]] as const,
      ),
    ),
  );
});
afterAll(async () => {
  platform?.close();
  await api?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** A connected platform whose statement has two lines that nobody here has heard of. */
function startPlatform(): Server {
  const lines = ['order-7', 'order-8', 'order-9'].map((transaction_id) => ({
    transaction_id,
    operation: 'deduct',
    user_id: 'u',
    amount: 2.5,
    effect: -2.5,
  }));
  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (url.pathname.endsWith('/total_points'))
      return void response.end(JSON.stringify({ total_points: 1_000 }));
    if (!url.pathname.endsWith('/statement'))
      return void response
        .writeHead(404)
        .end(JSON.stringify({ error: 'Unknown transaction', state: 'unknown' }));
    const entries = lines.slice(Number(url.searchParams.get('since') ?? '0'));
    response.end(JSON.stringify({ entries, next_cursor: String(lines.length), more: false }));
  }).listen(0, '127.0.0.1');
}

function pontis(token: string, ...args: readonly string[]): ReturnType<typeof runInProcess> {
  return runInProcess(args, {
    DATABASE_URL: database.url,
    PONTIS_DATA: folder,
    PONTIS_MASTER_KEY: api.masterKey.bytes.toString('hex'),
    PONTIS_OPERATOR_TOKEN: token,
    PONTIS_ALLOW_PRIVATE_TARGETS: 'true',
  });
}

/** What a command prints with `--json`; a finding is no failure. */
async function json(token: string, ...args: readonly string[]): Promise<Record<string, never>> {
  const { code, stdout, stderr } = await pontis(token, ...args, '--json');
  expect({ args, stderr, code: code === 1 ? 0 : code }).toMatchObject({ args, code: 0 });
  return JSON.parse(stdout) as Record<string, never>;
}

/** Runs a command, and judges what it prints as an answer of its operation. */
async function answers(
  command: string,
  args: readonly string[],
  { token = olga, status = 200, operation = OPERATIONS[command] ?? '' } = {},
): Promise<Record<string, never>> {
  const body = await json(token, ...command.split(' '), ...args);
  const [method, path] = routes.get(operation) ?? ['GET', '/nowhere'];
  expect(
    judge({
      method,
      url: path.replaceAll(/\{[^}]+\}/g, 'x'),
      status,
      contentType: 'application/json',
      body: JSON.stringify(body),
    }),
    command,
  ).toBeUndefined();
  seen.add(command);
  return body;
}

/** The same for a command that only looks: it prints what the route answers, to the last value. */
async function shows(command: string, args: readonly string[], url: string): Promise<void> {
  const printed = await answers(command, args);
  const { status, body } = await api.operate(olga, 'GET', url);
  expect({ status, command }).toEqual({ status: 200, command });
  expect(printed, command).toEqual(body);
  const lists = Object.values<unknown>(body).filter(Array.isArray);
  expect(lists.length === 0 || lists.some(({ length }) => length > 0), command).toBe(true);
}

async function transfer(target: string, amount: number, from?: string): Promise<string> {
  const user = from ?? (await api.user('platform_a', 100));
  const receiver = target === CONNECTED ? user : await api.user(target);
  const { status, body } = await api.call(
    'platform_a',
    'POST',
    '/api/points/transfer',
    { from_user_id: user, to_user_id: receiver, amount, target_platform: target },
    { headers: { 'idempotency-key': randomUUID() } },
  );
  expect({ status: Math.floor(status / 100), body }).toMatchObject({ status: 2 });
  return String(body['transaction_id'] ?? body['hold_id']);
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const idOf = (body: Record<string, never>, name: string): string => String(body[name]);
const reason = ['--reason', 'so it is'] as const;

it('transfers', { timeout: patience(60_000) }, async () => {
  const user = await api.user('platform_a', 100);
  await api.link(CONNECTED, user, { platform: 'platform_a', userId: user });
  const [first, second] = [
    await transfer(CONNECTED, 10, user),
    await transfer(CONNECTED, 20.5, user),
  ];
  await shows('transfers list', ['--open'], '/operator/transfers?which=open');
  await answers('transfers retry', [first, ...reason]);
  await answers('transfers undo', [first, ...reason]);
  await shows('transfers show', [first], `/operator/transfers/${first}`);
  await answers('transfers complete', [second, ...reason], { status: 202 });
  await answers('transfers fail', [second, ...reason], { status: 202 });
});

it('reserves', { timeout: patience(60_000) }, async () => {
  const payment = (text: string): string[] => ['--bank-reference', text, ...reason];
  const ask = async (...args: string[]): Promise<string> =>
    idOf(await answers(`reserve ${args[0] ?? ''}`, args.slice(1)), 'request_id');
  const deposit = await ask('deposit', 'platform_b', '500.25', ...payment('bank 1'));
  await answers('reserve approve', [deposit, ...reason], { token: otto });
  const withdrawal = await ask('withdraw', 'platform_b', '1', ...payment('bank 2'));
  await answers('reserve reject', [withdrawal], { token: otto });
  const cap = await ask('cap', 'platform_b', '200', '--percent', ...reason);
  await answers('reserve cancel', [cap]);
  await answers('reserve mode', ['platform_c', 'send_only', ...reason]);
  await answers('reserve mode', ['platform_c', 'both', ...reason], { status: 202 });
  await api.parts.ledger.refreshAssets();
  await shows('reserve list', [], '/operator/reserves');
  await shows('reserve show', ['platform_b'], '/operator/reserves/platform_b');
});

it('reconciliation', { timeout: patience(60_000) }, async () => {
  await answers('reconcile run', []);
  await shows('reconcile runs', [], '/operator/reconciliations?limit=20');
  await shows('reconcile breaks', [], '/operator/breaks');
  const { breaks } = await json(olga, 'reconcile', 'breaks');
  const [one, two] = (breaks as unknown as { break_id: string }[]).map(({ break_id }) => break_id);
  await answers('reconcile note', [one ?? '', '--note', 'asked them']);
  await answers('reconcile accept', [one ?? '', ...reason], { status: 202 });
  await answers('reconcile recheck', [two ?? '']);
});

it('disputes and recalls', { timeout: patience(60_000) }, async () => {
  const [disputed, recalled] = [
    await transfer('platform_b', 100),
    await transfer('platform_b', 50.5),
  ];
  const opening = { transaction_id: disputed, reason_code: 'duplicate', description: 'Twice' };
  const { body } = await api.call('platform_a', 'POST', '/api/disputes', opening, {
    headers: { 'idempotency-key': randomUUID() },
  });
  const id = idOf(body, 'dispute_id');
  const say = (platformId: string, path: string, words: object): Promise<unknown> =>
    api.call(platformId, 'POST', `/api/disputes/${id}/${path}`, words);
  await say('platform_b', 'evidence', { name: 'log.txt', text: 'once' });
  await say('platform_b', 'respond', { answer: 'contest', description: 'Once' });
  await say('platform_a', 'respond', { answer: 'rebut', description: 'No' });
  await shows('disputes list', [], '/operator/disputes');
  await shows('disputes show', [id], `/operator/disputes/${id}`);
  await answers('disputes decide', [id, '--outcome', 'upheld', '--amount', '30', ...reason]);

  const asked = await api.call(
    'platform_a',
    'POST',
    `/api/transactions/${recalled}/recall`,
    { reason: 'Sent in error' },
    { headers: { 'idempotency-key': randomUUID() } },
  );
  expect(asked).toMatchObject({ status: 200 });
  const recall = idOf(asked.body, 'recall_id');
  await shows('recalls list', [], '/operator/recalls');
  await shows('recalls show', [recall], `/operator/recalls/${recall}`);
});

it('reviews', { timeout: patience(60_000) }, async () => {
  await api.amend((document) => ({
    ...document,
    rules: { large: { kind: 'review', when: 'amount >= 80', reason: 'Large' } },
  }));
  await transfer('platform_b', 80);
  await transfer('platform_b', 90.5);
  await shows('reviews list', [], '/operator/reviews');
  const { reviews } = await json(olga, 'reviews', 'list');
  const [one, two] = (reviews as unknown as { hold_id: string }[]).map(({ hold_id }) => hold_id);
  await answers('reviews approve', [one ?? '', ...reason]);
  await answers('reviews reject', [two ?? '', ...reason]);
});

it('requests, connections and members', { timeout: patience(60_000) }, async () => {
  const url = ['--url', 'http://127.0.0.1:9', '--token', 'secret'];
  const ask = async (command: string, ...args: string[]): Promise<string> =>
    idOf(await answers(command, [...args, ...reason], { status: 202 }), 'request_id');
  const set = await ask('connector set', CONNECTED, ...url);
  const removal = await ask('connector remove', CONNECTED);
  await shows('connector show', [], '/operator/connections');
  await shows('requests list', [], '/operator/requests');
  await shows('requests show', [set], `/operator/requests/${set}`);
  await answers('requests reject', [set], { token: otto });
  await answers('requests withdraw', [removal]);

  const user = await api.user('platform_a', 10);
  const found = await answers('member find', ['platform_a', user]);
  const member = idOf(found, 'member_id');
  const link = await ask('member link', 'platform_b', `of-${user}`, member);
  await answers('requests approve', [link], { token: otto });
  await shows(
    'member find',
    ['platform_a', user],
    `/operator/members?platform_id=platform_a&platform_user_id=${user}`,
  );
  await shows('member show', [member], `/operator/members/${member}`);
});

it('the rulebook', { timeout: patience(60_000) }, async () => {
  const change = file('fee.yaml', 'rules:\n  fee: {kind: fee, fee: {rate: 0.01, on: source}}\n');
  await answers('rules validate', [change]);
  const propose = async (): Promise<string> =>
    idOf(await answers('rules propose', [change, ...reason]), 'proposal_id');
  const [approved, rejected, withdrawn] = [await propose(), await propose(), await propose()];
  await shows('rules proposal', [approved], `/operator/proposals/${approved}`);
  await answers('backtest', [approved]);
  await answers('rules reject', [rejected, ...reason], { token: otto });
  await answers('rules withdraw', [withdrawn]);
  await answers('rules approve', [approved], { token: otto });
  await answers('rates set', ['platform_b', '1.25', ...reason]);
  await shows('rules show', [], '/operator/rulebook');
  await shows('rules proposals', [], '/operator/proposals');
  await shows('rules history', [], '/operator/rulebook/history');
  await answers('report liability', []);
});

it('webhooks', { timeout: patience(60_000) }, async () => {
  const made = await api.operate(olga, 'POST', '/operator/webhooks', {
    url: 'http://127.0.0.1:9/pontis',
    types: null,
  });
  const id = idOf(made.body, 'webhook_id');
  await api.operate(olga, 'POST', `/operator/webhooks/${id}/test`, {});
  const deliverer = api.parts.webhooks.createDeliverer();
  await deliverer.run();
  await deliverer.close();
  await shows('webhooks list', [], '/operator/webhooks');
  await shows('webhooks deliveries', [id], `/operator/webhooks/${id}/deliveries`);
  const { rows } = await database.pool.query<{ event_id: string }>(
    'select max(event_id)::text as event_id from clearing.webhook_delivery',
  );
  await answers('webhooks redeliver', [id, '--event', rows[0]?.event_id ?? '']);
});

const bank = ['--bank-reference', 'HSBC-1'] as const;

it('windows', { timeout: patience(60_000) }, async () => {
  await answers('windows settings', ['--daily-at', '02:00', '--gross', 'platform_a/platform_c']);
  await shows('windows settings', [], '/operator/windows/settings');
  await answers('windows close', []);
  await shows('windows list', [], '/operator/windows');
  await shows(
    'windows statement',
    ['1', 'platform_a'],
    '/operator/windows/1/statement?platform_id=platform_a',
  );
  await answers('windows settle', ['1']);
  await answers('windows withdraw', ['1']);
  await answers('windows settle', ['1', '--from', 'prefund']);
  await answers('windows approve', ['1'], { token: otto });
  await shows('windows show', ['1'], '/operator/windows/1');
  const again = ['1', '--pay', 'platform_a=outside:HSBC-2'];
  expect(
    await pontis(otto, 'windows', 'settle', ...again, '--from', 'outside', ...bank),
  ).toMatchObject({ code: 65, stderr: expect.stringContaining('no way for all others') });
  const act = async (command: string, ...args: string[]): Promise<string> =>
    idOf(await answers(command, ['1', ...args, ...reason]), 'act_id');
  for (const [command, ...args] of [
    ['windows take-back'],
    ['windows abort'],
    ['windows leave-out', 'platform_a'],
  ] as const) {
    const proposed = ['1', await act(command, ...args)];
    await answers('windows withdraw', proposed, { operation: 'withdrawSettlementAct' });
  }
  await answers('windows approve', ['1', await act('windows take-back')], {
    token: otto,
    operation: 'approveSettlementAct',
  });
  // It is closed again, and paid again; then the way of one payment is changed.
  await answers('windows settle', ['1']);
  await answers('windows approve', ['1'], { token: otto });
  await answers('windows settle', again);
});

it('each command that prints JSON is looked at, or says why no operation does the same', () => {
  const leavesOf = (command: Command, path: readonly string[] = []): string[] => {
    if (command.commands.length > 0)
      return command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
    return command.options.some(({ long }) => long === '--json') ? [path.join(' ')] : [];
  };
  const commands = leavesOf(createProgram(new TestTerminal()));
  const named = [...Object.keys(OPERATIONS), ...Object.keys(NO_OPERATION)];
  expect(commands.toSorted()).toEqual(named.toSorted());
  for (const [command, operationId] of Object.entries(OPERATIONS))
    expect(routes.has(operationId), command).toBe(true);
  expect(Object.keys(OPERATIONS).filter((command) => !seen.has(command))).toEqual(
    Object.keys(NOT_RUN),
  );
});
