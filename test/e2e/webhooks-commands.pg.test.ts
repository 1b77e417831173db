// The running program sends events to a webhook, and `pontis webhooks` shows what became of them
// and sends them again.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook as Verifier } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { signRequest } from '../../src/security/security.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { fetchDeclared } from '../fixtures/fetch-declared.ts';
import { startProgram } from '../fixtures/program.ts';
import { startReceiver, type Message } from '../fixtures/receiver.ts';

interface Credentials {
  readonly platforms: readonly {
    readonly platform_id: string;
    readonly secret: string;
    readonly token: string;
  }[];
  readonly members: readonly { readonly links: Readonly<Record<string, string>> }[];
  readonly operators: readonly { readonly token: string }[];
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await sleep(20);
}

it('a transfer is told to both platforms, signed, and told again when an operator says so', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-webhooks-'));
  const environment = {
    DATABASE_URL: database.url,
    PONTIS_DATA: folder,
    PONTIS_ALLOW_PRIVATE_TARGETS: '127.0.0.0/8',
  };
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, environment);
  const inboxes = { platform_a: await startReceiver(), platform_b: await startReceiver() };
  const program = await startProgram([], environment);
  try {
    const { platforms, members, operators } = JSON.parse(
      readFileSync(join(folder, 'credentials.json'), 'utf8'),
    ) as Credentials;
    const call = async (
      platformId: string,
      path: string,
      body: object,
    ): Promise<Record<string, string>> => {
      const { secret = '', token = '' } =
        platforms.find((platform) => platform.platform_id === platformId) ?? {};
      const text = JSON.stringify(body);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = signRequest(secret, {
        timestamp,
        method: 'POST',
        path,
        body: Buffer.from(text),
      });
      const headers = {
        'X-Platform-Token': token,
        'X-Platform-ID': platformId,
        'X-Timestamp': timestamp,
        'X-Signature': signature,
        'Content-Type': 'application/json',
      };
      const answer = await fetchDeclared(program.url + path, {
        method: 'POST',
        headers,
        body: text,
      });
      expect(answer.status).toBe(200);
      return (await answer.json()) as Record<string, string>;
    };
    const secrets: Record<string, string> = {};
    for (const platformId of ['platform_a', 'platform_b'] as const)
      secrets[platformId] =
        (
          await call(platformId, '/api/webhooks', {
            url: inboxes[platformId].url,
            types: ['transfer.*'],
          })
        )['secret'] ?? '';
    const links =
      members.find(
        (member) =>
          member.links['platform_a'] !== undefined && member.links['platform_b'] !== undefined,
      )?.links ?? {};
    const { transaction_id: id } = await call('platform_a', '/api/points/transfer', {
      from_user_id: links['platform_a'],
      to_user_id: links['platform_b'],
      amount: 1.2,
      target_platform: 'platform_b',
    });
    await until(
      () => inboxes.platform_a.messages.length > 0 && inboxes.platform_b.messages.length > 0,
    );
    const read = (platformId: 'platform_a' | 'platform_b'): unknown => {
      const { body, headers } = inboxes[platformId].messages[0] as Message;
      return new Verifier(secrets[platformId] ?? '').verify(body, headers);
    };
    expect(read('platform_a')).toMatchObject({
      type: 'transfer.completed',
      data: {
        transaction_id: id,
        direction: 'sent',
        amount: 1.2,
        counter_platform: 'platform_b',
        user_id: links['platform_a'],
      },
    });
    expect(read('platform_b')).toMatchObject({
      type: 'transfer.completed',
      data: {
        transaction_id: id,
        direction: 'received',
        counter_platform: 'platform_a',
        user_id: links['platform_b'],
      },
    });

    const { webhooks } = JSON.parse((await pontis('webhooks', 'list', '--json')).stdout) as {
      webhooks: { webhook_id: string; platform_id: string }[];
    };
    expect(webhooks.map(({ platform_id }) => platform_id)).toEqual(['platform_a', 'platform_b']);
    const webhookId = webhooks[0]?.webhook_id ?? '';
    expect((await pontis('webhooks', 'list')).stdout).toMatch(
      new RegExp(
        `^webhook_id .*\n${webhookId}  platform_a   active .*transfer\\.\\*  ` +
          `${inboxes.platform_a.url}\n`,
      ),
    );
    const eventId = inboxes.platform_a.messages[0]?.id.slice(4) ?? '';
    expect(
      JSON.parse(
        (await pontis('webhooks', 'deliveries', webhookId, '--state', 'delivered', '--json'))
          .stdout,
      ),
    ).toMatchObject({
      deliveries: [
        { event_id: Number(eventId), state: 'delivered', attempts: 1, last_status: 200 },
      ],
    });

    expect(await pontis('webhooks', 'redeliver', webhookId, '--event', eventId)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('token of the acting operator'),
    });
    const token = operators[0]?.token ?? '';
    expect(
      await pontis('webhooks', 'redeliver', webhookId, '--event', eventId, '--as-token', token),
    ).toMatchObject({ code: 0, stdout: '1 sent again by the running program.\n' });
    await until(() => inboxes.platform_a.messages.length === 2);
    expect(
      new Set(inboxes.platform_a.messages.map(({ id: messageId, body }) => `${messageId} ${body}`))
        .size,
    ).toBe(1);
    expect(
      await pontis(
        'webhooks',
        'redeliver',
        webhookId,
        '--since',
        '2020-01-01T00:00:00Z',
        '--as-token',
        token,
        '--json',
      ),
    ).toMatchObject({ code: 0, stdout: '{"count":0}\n' });
    for (const [args, code] of [
      [['redeliver', webhookId, '--as-token', token], 64],
      [['redeliver', webhookId, '--event', '999999', '--as-token', token], 65],
      [['deliveries', webhookId, '--limit', '0'], 64],
    ] as const) {
      expect(await pontis('webhooks', ...args)).toMatchObject({ code, stdout: '' });
    }
    expect(await program.stop()).toMatchObject({ code: 0 });
  } finally {
    program.child.kill('SIGKILL');
    for (const inbox of Object.values(inboxes)) await inbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
