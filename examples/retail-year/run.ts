// A real retailer's year on Pontis: import it, convert and redeem points through the signed API,
// audit, export, and let hledger check. Everything is done as somebody outside would do it: the
// command line and HTTP, nothing imported from the program.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..', '..');
const INVOICES = join(ROOT, 'examples', 'data', 'online-retail-invoices.csv.gz');
const MAP = 'user=customer_id,amount=amount_gbp,reference=invoice_no,occurred_at=invoice_date';
const MEMBERS = 1_000;
const AT_ONCE = 16;

const folder = mkdtempSync(join(tmpdir(), 'pontis-retail-year-'));
chmodSync(folder, 0o711);
const data = join(folder, 'network');

interface Platform {
  readonly platform_id: string;
  readonly secret: string;
  readonly token: string;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A command of the operator; its standard output. Ends the story when the command fails. */
function pontis(...args: string[]): string {
  return pontisAs(undefined, ...args);
}

/**
 * As the operator with that token, which other users of the machine cannot see in the environment.
 */
function pontisAs(token: string | undefined, ...args: string[]): string {
  const env = { ...process.env, ...(token === undefined ? {} : { PONTIS_OPERATOR_TOKEN: token }) };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'src', 'main.ts'), ...args, '--data', data],
    { encoding: 'utf8', maxBuffer: 2 ** 28, env },
  );
  if (status !== 0)
    throw new Error(`pontis ${args.join(' ')} exited ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** `pontis start` on a free port, until it says that it is ready. */
async function start(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'src', 'main.ts'), 'start', '--data', data, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [said, complained] = ['', ''];
  child.stderr.on('data', (chunk) => (complained += String(chunk)));
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error(`pontis start ended:\n${complained}`)),
  );
  const ready = new Promise<void>((done) =>
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Ctrl-C')) done();
    }),
  );
  await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  return child;
}

/**
 * A signed call, as a platform makes it: X-Signature = hex HMAC-SHA256(secret, timestamp + METHOD +
 * path + body).
 */
function createClient(baseUrl: string, { platform_id, secret, token }: Platform) {
  return async (
    method: 'GET' | 'POST',
    pathAndQuery: string,
    content?: object,
  ): Promise<Answer> => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const body = content === undefined ? '' : JSON.stringify(content);
    const signature = createHmac('sha256', secret)
      .update(timestamp + method + pathAndQuery.split('?')[0] + body)
      .digest('hex');
    const response = await fetch(baseUrl + pathAndQuery, {
      method,
      headers: {
        'x-platform-id': platform_id,
        'x-platform-token': token,
        'x-timestamp': timestamp,
        'x-signature': signature,
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(content === undefined ? {} : { body }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
}

/** Runs `work` for each item, a few at once; answers in the order of the items. */
async function forEach<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let at = next++; at < items.length; at = next++)
        results[at] = await work(items[at] as T);
    }),
  );
  return results;
}

/** The amount in hundredths: sums of many decimals must not be sums of floats. */
function cents(value: unknown): bigint {
  return BigInt(Math.round(Number(value) * 100));
}

function show(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(3, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')}.${digits.slice(-2)}`;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`It should be so, and is not: ${what}`);
}

const program = await start();
try {
  const credentials = JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8')) as {
    base_url: string;
    platforms: readonly Platform[];
    operators: readonly { token: string }[];
  };
  const clientOf = (name: string) => {
    const platform = credentials.platforms.find(({ platform_id }) => platform_id === name);
    if (platform === undefined) throw new Error(`no ${name}`);
    return createClient(credentials.base_url, platform);
  };
  const [platformA, platformB] = [clientOf('platform_a'), clientOf('platform_b')];

  say('# 1. Import a year of invoices into platform_a');
  const invoices = gunzipSync(readFileSync(INVOICES))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const fileTotal = sum(invoices.map((fields) => cents(fields[5])));
  const importing = [
    'import',
    'earnings',
    INVOICES,
    '--platform',
    'platform_a',
    '--map',
    MAP,
    '--json',
  ];
  const imported = JSON.parse(pontis(...importing));
  say(`earned      ${imported.earned.rows} rows  ${show(cents(imported.earned.amount))}`);
  say(`taken back  ${imported.taken_back.rows} rows  ${show(cents(imported.taken_back.amount))}`);
  say(`together    ${show(cents(imported.net))}; the file itself sums to ${show(fileTotal)}`);
  expect(cents(imported.net) === fileTotal, 'the import agrees with the file');
  const again = JSON.parse(pontis(...importing));
  say(
    `again       ${again.replayed} of ${again.earned.rows + again.taken_back.rows} rows had ` +
      'been imported before',
  );

  say('\n# 2. A thousand members convert half their points to platform_b');
  const customers = [...new Set(invoices.map((fields) => fields[2] ?? ''))];
  const answers = await forEach(customers, async (user) => ({
    user,
    answer: await platformA('GET', `/api/points/balance?user_id=${user}`),
  }));
  const unknown = answers.filter(({ answer }) => answer.status === 404);
  const balances = answers
    .filter(({ answer }) => answer.status === 200)
    .map(({ user, answer }) => ({ user, balance: cents(answer.body['balance']) }));
  expect(
    unknown.length + balances.length === customers.length,
    'every other customer has a balance',
  );
  say(
    `${balances.length} customers hold ${show(sum(balances.map(({ balance }) => balance)))}; ` +
      `${balances.filter(({ balance }) => balance < 0n).length} of them are in debt, ` +
      `${unknown.length} never earned a point`,
  );
  const chosen = balances
    .filter(({ balance }) => balance >= 10_000n)
    .slice(0, MEMBERS)
    .map(({ user }) => user);
  // Users of two platforms are one person on the word of two operators: one asks with a file of
  // links, the other approves.
  const members = new Map(
    await forEach(
      chosen,
      async (user) =>
        [user, String((await platformA('GET', `/api/users/${user}`)).body['member_id'])] as const,
    ),
  );
  const links = join(folder, 'links.csv');
  writeFileSync(
    links,
    [
      'platform_id,platform_user_id,member_id',
      ...chosen.map((user) => `platform_b,retail-${user},${members.get(user)}`),
    ].join('\n'),
  );
  const [maker, checker] = credentials.operators;
  const asked = JSON.parse(
    pontisAs(
      maker?.token,
      'member',
      'link',
      '--file',
      links,
      '--reason',
      'the retailer knows both accounts',
      '--json',
    ),
  );
  pontisAs(checker?.token, 'requests', 'approve', asked.request_id);
  const conversions = await forEach(chosen, async (user) => {
    const before = cents(
      (await platformA('GET', `/api/points/balance?user_id=${user}`)).body['balance'],
    );
    const transfer = await platformA('POST', '/api/points/transfer', {
      from_user_id: user,
      to_user_id: `retail-${user}`,
      amount: Number(before / 200n),
      target_platform: 'platform_b',
      reference: 'retail-year',
      idempotency_key: `retail-year/convert/${user}`,
    });
    expect(transfer.status === 200, `user ${user} converts: ${JSON.stringify(transfer.body)}`);
    return {
      memberId: members.get(user) ?? '',
      amount: cents(transfer.body['amount']),
      credited: cents(transfer.body['credited_amount']),
      rate: transfer.body['rate'],
    };
  });
  say(
    `${conversions.length} conversions at ${conversions[0]?.rate}: ` +
      `${show(sum(conversions.map(({ amount }) => amount)))} of platform_a became ` +
      `${show(sum(conversions.map(({ credited }) => credited)))} of platform_b`,
  );

  say('\n# 3. They redeem what they can');
  const redemptions = await forEach(
    chosen,
    async (user) =>
      await platformA('POST', '/api/points/redeem', {
        user_id: user,
        amount: 1_000,
        reward_id: 'coupon_10',
        idempotency_key: `retail-year/redeem/${user}`,
      }),
  );
  const redeemed = redemptions.filter(({ status }) => status === 200).length;
  const refused = redemptions.filter(({ status }) => status !== 200);
  say(
    `${redeemed} coupons for 1,000 points each; ${refused.length} members are told: ` +
      `${[...new Set(refused.map(({ status, body }) => `${status} ${String(body['error'])}`))].join(', ')}`,
  );

  say('\n# 4. Audit');
  const audit = JSON.parse(pontis('audit', '--json'));
  say(audit.ok ? 'every invariant holds' : 'BROKEN');
  expect(audit.ok, 'the audit finds nothing');

  say('\n# 5. Export');
  const journal = join(folder, 'journal.hledger');
  pontis('export', 'journal', '--output', journal);
  const posted =
    readFileSync(journal, 'utf8').match(
      /^\d{4}-\d\d-\d\d \* \(txn_[0-9a-f]{32}\) (conversion \| retail-year|redeem)/gm,
    ) ?? [];
  say(
    `the journal has ${posted.filter((line) => line.includes('conversion')).length} ` +
      `conversions and ${posted.filter((line) => line.includes('redeem')).length} redemptions`,
  );

  say('\n# 6. hledger');
  if (spawnSync('hledger', ['--version']).status !== 0) {
    say('hledger is not installed');
  } else {
    const hledger = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync('hledger', ['-f', journal, ...args], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      });
      if (status !== 0) throw new Error(`hledger ${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    hledger('check', '--strict');
    say('hledger check --strict: accepted, with the balance of every account asserted');
    // member:<id>:<platform>:<purpose>: depth 3 is what a member holds on a platform.
    const theirs = new Map(
      hledger(
        'balance',
        '--real',
        '--flat',
        '--depth',
        '3',
        '--empty',
        '--no-total',
        '--output-format',
        'csv',
        '^member:',
      )
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => /^"([^"]+)","(-?[\d.]+)/.exec(line))
        .map((match) => [match?.[1] ?? '', cents(match?.[2])] as const),
    );
    const questions = chosen.flatMap((user, index) => {
      const memberId = conversions[index]?.memberId;
      return [
        { platform: platformA, name: 'platform_a', user, memberId },
        { platform: platformB, name: 'platform_b', user: `retail-${user}`, memberId },
      ];
    });
    const compared = await forEach(questions, async ({ platform, name, user, memberId }) => {
      const ours = cents(
        (await platform('GET', `/api/points/balance?user_id=${user}`)).body['balance'],
      );
      return { name, ours, agrees: theirs.get(`member:${memberId}:${name}`) === ours };
    });
    for (const name of ['platform_a', 'platform_b']) {
      const rows = compared.filter((row) => row.name === name);
      say(
        `${rows.filter(({ agrees }) => agrees).length} of ${rows.length} balances of ${name} ` +
          `agree: ${show(sum(rows.map(({ ours }) => ours)))}`,
      );
    }
    expect(
      compared.every(({ agrees }) => agrees),
      'hledger agrees with the API',
    );
  }
} finally {
  program.kill('SIGINT');
  if (program.exitCode === null) await once(program, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
