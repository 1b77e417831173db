// No secret and no request content reaches the log.

import { expect, test } from 'vitest';

import { createLog } from './log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown> {
  let line = '';
  write(createLog('trace', { write: (text) => void (line += text) }));
  return JSON.parse(line) as Record<string, unknown>;
}

test('values under secret names are replaced, however deep and however spelled', () => {
  const line = logged((log) =>
    log.info(
      {
        platform: 'platform_a',
        secret: 's1',
        nested: { accessToken: 's2', list: [{ 'X-Signature': 's3' }] },
        headers: { authorization: 's4', cookie: 's5' },
        DATABASE_URL: 's6',
      },
      'said',
    ),
  );
  expect(JSON.stringify(line)).not.toMatch(/s[1-6]/);
  expect(line).toMatchObject({
    level: 'info',
    msg: 'said',
    platform: 'platform_a',
    secret: '[redacted]',
    nested: { accessToken: '[redacted]' },
  });
});

test('so are they in the bindings of a child', () => {
  expect(JSON.stringify(logged((log) => log.child({ token: 'abc' }).info('said')))).not.toContain(
    'abc',
  );
});

test('a request is its method and path', () => {
  const req = {
    id: 'r1',
    method: 'GET',
    url: '/api/points/balance?user_id=alice',
    headers: { 'x-platform-token': 'abc' },
  };
  expect(logged((log) => log.info({ req }, 'said'))['req']).toEqual({
    id: 'r1',
    method: 'GET',
    path: '/api/points/balance',
  });
});

test('an error does not quote the row it failed on', () => {
  const err = Object.assign(new Error('duplicate key'), {
    code: '23505',
    detail: 'Key (name)=(alice) exists',
    where: 'alice',
    parameters: ['alice'],
  });
  const line = logged((log) => log.error({ err }, 'failed'));
  expect(line['err']).toMatchObject({ message: 'duplicate key', code: '23505' });
  expect(JSON.stringify(line)).not.toContain('alice');
});

test('amounts as bigint are written as text', () => {
  expect(logged((log) => log.info({ amount: 10n }, 'said'))['amount']).toBe('10');
});
