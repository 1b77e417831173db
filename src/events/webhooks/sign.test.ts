// Signatures: as the public library makes and accepts them, and as the lines in docs/webhooks.md do
// that a platform's engineer copies.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { Webhook as Verifier } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { formatSecret, signMessage } from './sign.ts';

type Verify = (
  secret: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  now?: number,
) => boolean;

const NOW = Date.now();
const [old, fresh, other] = [32, 24, 64].map((length) => formatSecret(randomBytes(length))) as [
  string,
  string,
  string,
];

describe('a signature', () => {
  it('is the one that the public library makes, whatever the id, the time and the body', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 4_102_444_800_000 }),
        fc.string({ unit: 'binary' }),
        (id, atMs, body) => {
          const { 'webhook-signature': given } = signMessage(id, atMs, body, [old, fresh]);
          expect(given).toBe(
            [old, fresh]
              .map((secret) => new Verifier(secret).sign(id, new Date(atMs), body))
              .join(' '),
          );
        },
      ),
    );
  });

  it('is verified with each key that signed, and with no other', () => {
    const headers = signMessage('evt_1', NOW, '{"a":1}', [fresh, old]);
    for (const secret of [old, fresh])
      expect(new Verifier(secret).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() => new Verifier(other).verify('{"a":1}', headers)).toThrow();
  });
});

describe('the lines in docs/webhooks.md', async () => {
  const text = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const { verify } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    verify: Verify;
  };

  it('accept what is signed with either key, and nothing that was changed, is old, or by another key', () => {
    const body = '{"note":"积分"}';
    const headers = signMessage('evt_1', NOW, body, [fresh, old]);
    expect([verify(old, headers, body), verify(fresh, headers, body)]).toEqual([true, true]);
    expect(verify(other, headers, body)).toBe(false);
    expect(verify(old, headers, `${body} `)).toBe(false);
    expect(verify(old, { ...headers, 'webhook-id': 'evt_2' }, body)).toBe(false);
    expect(
      verify(old, { ...headers, 'webhook-timestamp': String(Math.floor(NOW / 1000) + 1) }, body),
    ).toBe(false);
    expect(verify(old, headers, body, NOW + 301_000)).toBe(false);
    expect(verify(old, { ...headers, 'webhook-timestamp': 'now' }, body)).toBe(false);
    expect(verify(old, { ...headers, 'webhook-signature': 'v1,AAAA' }, body)).toBe(false);
  });
});
