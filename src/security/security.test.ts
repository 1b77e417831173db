// Keys, tokens, signatures and sealing, without a database.

import { createHmac, createSecretKey } from 'node:crypto';
import {
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
  chmodSync,
  rmSync,
  readdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { createSigner, httpbis } from 'http-message-signatures';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlatformId } from '../kernel/ids.ts';
import {
  createPlatformTokens,
  createSealer,
  deriveKey,
  formatContentDigest,
  loadMasterKey,
  matchesContentDigest,
  signRequest,
  verifyMessageSignature,
  verifyRequestSignature,
} from './security.ts';

const folder = mkdtempSync(join(tmpdir(), 'pontis-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

const masterKey = { bytes: Buffer.alloc(32, 7) };
const platform = 'platform_a' as PlatformId;
const NOW = 1_700_000_000_000;

function clockAt(startMs: number): { now(): number; advance(ms: number): void } {
  let now = startMs;
  return { now: () => now, advance: (ms) => void (now += ms) };
}

describe('request signature', () => {
  const key = createSecretKey('secret_a', 'utf8');
  const parts = {
    timestamp: '1700000000',
    method: 'POST',
    path: '/api/points/transfer',
    body: Buffer.from('{"amount":1}'),
  };

  it('is the HMAC of the source requirement', () => {
    const expected = createHmac('sha256', 'secret_a')
      .update('1700000000POST/api/points/transfer{"amount":1}')
      .digest('hex');
    expect(signRequest(key, parts)).toBe(expected);
    expect(signRequest('secret_a', parts)).toBe(expected);
    // A fixed value, so that a change of both sides is found.
    expect(
      signRequest('secret_a', {
        timestamp: '1700000000',
        method: 'GET',
        path: '/api/points/balance',
        body: undefined,
      }),
    ).toBe(
      createHmac('sha256', 'secret_a').update('1700000000GET/api/points/balance').digest('hex'),
    );
  });

  it('is accepted as made and answered in one spelling', () => {
    const signature = signRequest(key, parts);
    expect(verifyRequestSignature(key, parts, signature, NOW)).toEqual({
      ok: true,
      value: signature,
    });
    expect(verifyRequestSignature(key, parts, signature.toUpperCase(), NOW)).toEqual({
      ok: true,
      value: signature,
    });
  });

  it('fails for any change of any part', () => {
    const signature = signRequest(key, parts);
    fc.assert(
      fc.property(
        fc.constantFrom('timestamp', 'method', 'path', 'body'),
        fc.string({ minLength: 1 }),
        (name, extra) => {
          const before = parts[name as keyof typeof parts];
          const after =
            name === 'body' ? Buffer.concat([parts.body, Buffer.from(extra)]) : before + extra;
          expect(verifyRequestSignature(key, { ...parts, [name]: after }, signature, NOW).ok).toBe(
            false,
          );
        },
      ),
    );
  });
});

describe('content digest', () => {
  it('matches its own body only', () => {
    const body = Buffer.from('{"a":1}');
    expect(matchesContentDigest(formatContentDigest(body), body)).toBe(true);
    expect(matchesContentDigest(formatContentDigest(body), Buffer.from('{}'))).toBe(false);
    // Both of two digests must match; an unknown one alone proves nothing.
    expect(matchesContentDigest(`${formatContentDigest(body)}, sha-512=:AAAA:`, body)).toBe(false);
    expect(matchesContentDigest(`md5=:AAAA:`, body)).toBe(false);
    expect(matchesContentDigest('nonsense"', body)).toBe(false);
    // RFC 9530, appendix B.
    expect(
      matchesContentDigest(
        'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
        Buffer.from('{"hello": "world"}'),
      ),
    ).toBe(true);
  });
});

const signMessage = (fields: string[], created: number, expires?: number) =>
  httpbis.signMessage(
    {
      key: createSigner(Buffer.from('secret_a'), 'hmac-sha256', platform),
      fields,
      params: ['created', 'keyid', 'expires', 'nonce'],
      paramValues: {
        created: new Date(created),
        ...(expires === undefined ? {} : { expires: new Date(expires) }),
        nonce: 'n',
      },
    },
    {
      method: 'GET',
      url: 'https://pontis.test/api/points/balance?user_id=1',
      headers: { host: 'pontis.test' },
    },
  );

describe('message signature', () => {
  const key = createSecretKey('secret_a', 'utf8');
  const verify = (headers: Record<string, string | string[]>, nowMs = NOW) =>
    verifyMessageSignature(
      key,
      platform,
      {
        method: 'GET',
        target: '/api/points/balance?user_id=1',
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body: undefined,
      },
      nowMs,
    );

  it('of another implementation is accepted within its time', async () => {
    const { headers } = await signMessage(['@method', '@target-uri'], NOW);
    expect(verify(headers)).toMatchObject({
      ok: true,
      value: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(verify(headers, NOW + 299_000)).toMatchObject({ ok: true });
    expect(verify(headers, NOW + 301_000)).toMatchObject({
      ok: false,
      problem: { code: 'signature_stale' },
    });
    expect(verify(headers, NOW - 301_000)).toMatchObject({
      ok: false,
      problem: { code: 'signature_stale' },
    });
    const short = await signMessage(['@method', '@target-uri'], NOW, NOW + 1000);
    expect(verify(short.headers, NOW + 2000)).toMatchObject({
      ok: false,
      problem: { code: 'signature_stale' },
    });
  });

  it('must cover method and whole target, and each component once and plain', async () => {
    for (const fields of [['@method'], ['@target-uri'], ['@method', '@path']]) {
      expect(verify((await signMessage(fields, NOW)).headers)).toMatchObject({
        ok: false,
        problem: { code: 'signature_incomplete' },
      });
    }
    const headers: Record<string, string> = (await signMessage(['@method', '@target-uri'], NOW))
      .headers;
    const input = headers['Signature-Input'] ?? '';
    expect(
      verify({ ...headers, 'Signature-Input': input.replace('"@method"', '"@method";req') }),
    ).toMatchObject({ ok: false, problem: { code: 'signature_malformed' } });
    expect(
      verify({ ...headers, 'Signature-Input': input.replace('"@method"', '"@method" "@method"') }),
    ).toMatchObject({ ok: false, problem: { code: 'signature_malformed' } });
    expect(
      verify({ ...headers, 'Signature-Input': input.replace(';created=1700000000', '') }),
    ).toMatchObject({ ok: false, problem: { code: 'signature_incomplete' } });
    expect(
      verify({ ...headers, 'Signature-Input': input.replace(';nonce="n"', ';nonce="m"') }),
    ).toMatchObject({ ok: false, problem: { code: 'signature_invalid' } });
    expect(verify({ ...headers, 'Signature-Input': `${input};alg="ed25519"` })).toMatchObject({
      ok: false,
      problem: { code: 'signature_malformed' },
    });
  });

  it('survives any header text without an exception', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (input, signature) => {
        expect(verify({ host: 'x', 'Signature-Input': input, Signature: signature }).ok).toBe(
          false,
        );
      }),
    );
  });
});

describe('platform tokens', () => {
  it('say which platform and expire, also when they have been seen', async () => {
    const clock = clockAt(NOW);
    const tokens = createPlatformTokens(masterKey, clock);
    const token = await tokens.issue(platform, 3, 60);
    expect(decodeJwt(token)).toMatchObject({
      platform_id: platform,
      ver: 3,
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
      jti: expect.any(String),
    });
    expect(await tokens.verify(token)).toMatchObject({
      ok: true,
      value: { platformId: platform, version: 3 },
    });
    const again = tokens.verify(token);
    expect(again).not.toBeInstanceOf(Promise);
    expect(again).toMatchObject({ ok: true });
    clock.advance(61_000);
    expect(tokens.verify(token)).toMatchObject({ ok: false, problem: { code: 'token_expired' } });
    expect(await createPlatformTokens(masterKey, clock).verify(token)).toMatchObject({
      ok: false,
      problem: { code: 'token_expired' },
    });
  });

  it('of another network, algorithm or content are refused', async () => {
    const clock = clockAt(NOW);
    const tokens = createPlatformTokens(masterKey, clock);
    const foreign = await createPlatformTokens({ bytes: Buffer.alloc(32, 8) }, clock).issue(
      platform,
      1,
    );
    const key = deriveKey(masterKey, 'platform-token');
    const make = (claims: object, alg = 'HS256') =>
      new SignJWT({
        platform_id: platform,
        ver: 1,
        jti: 'x',
        iat: NOW / 1000,
        exp: NOW / 1000 + 60,
        ...claims,
      })
        .setProtectedHeader({ alg })
        .sign(key);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await make({})).split('.')[1]}.`;
    const tampered = (await make({})).replace(
      /\.(.)/,
      (_, first: string) => `.${first === 'e' ? 'f' : 'e'}`,
    );
    const bad = [
      foreign,
      none,
      tampered,
      await make({ platform_id: 7 }),
      await make({ platform_id: '../x' }),
      await make({ ver: '1' }),
      await make({ exp: undefined }),
      await make({ jti: undefined }),
      await make({}, 'HS512').catch(() => 'x.y.z'),
      '',
      'x',
      'a.b.c',
      'x'.repeat(10_000),
    ];
    for (const token of bad)
      expect(await tokens.verify(token)).toMatchObject({
        ok: false,
        problem: { code: 'token_invalid' },
      });
    expect(await tokens.verify(await make({}))).toMatchObject({ ok: true });
  });
});

describe('sealing', () => {
  const sealer = createSealer(masterKey);
  it('opens what it sealed, for its owner only, unchanged only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (text, owner, position) => {
        const sealed = sealer.seal(text, owner);
        expect(sealer.open(sealed, owner)).toBe(text);
        expect(() => sealer.open(sealed, `${owner}x`)).toThrow();
        const changed = Buffer.from(sealed);
        const index = position % changed.length;
        changed[index] = (changed[index] ?? 0) ^ 1;
        expect(() => sealer.open(changed, owner)).toThrow();
      }),
    );
    expect(sealer.seal('x', 'a').equals(sealer.seal('x', 'a'))).toBe(false);
    expect(() =>
      createSealer({ bytes: Buffer.alloc(32, 8) }).open(sealer.seal('x', 'a'), 'a'),
    ).toThrow();
  });
});

describe('master key', () => {
  it('is made once, readable by its owner only, and read again', () => {
    const first = loadMasterKey(folder, undefined);
    expect(first.bytes).toHaveLength(32);
    expect(loadMasterKey(folder, '')).toEqual(first);
    expect(statSync(join(folder, 'master.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['master.key']);
    chmodSync(join(folder, 'master.key'), 0o644);
    expect(() => loadMasterKey(folder, undefined)).toThrow(/chmod 600/);
    chmodSync(join(folder, 'master.key'), 0o600);
    expect(readFileSync(join(folder, 'master.key'), 'utf8')).toBe(
      `${first.bytes.toString('hex')}\n`,
    );
  });

  it('comes from the environment when given, and a wrong one is explained', () => {
    expect(loadMasterKey(folder, 'ab'.repeat(32)).bytes).toEqual(Buffer.alloc(32, 0xab));
    expect(loadMasterKey(folder, Buffer.alloc(32, 1).toString('base64')).bytes).toEqual(
      Buffer.alloc(32, 1),
    );
    expect(() => loadMasterKey(folder, 'short')).toThrow(
      /PONTIS_MASTER_KEY is not a key of 32 bytes/,
    );
    writeFileSync(join(folder, 'master.key'), '');
    expect(() => loadMasterKey(folder, undefined)).toThrow(/master\.key is not a key/);
  });
});
