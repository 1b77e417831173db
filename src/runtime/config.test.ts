// Flags take precedence over the environment, the environment over defaults, and an invalid value
// is reported in a sentence.

import { resolve } from 'node:path';
import { expect, test } from 'vitest';

import { connectorRangesOf, parseConfig, privateRangesOf, runsSandbox } from './config.ts';

test('nothing given means the defaults', () => {
  const config = parseConfig({}, {});
  expect(config).toMatchObject({
    role: 'all',
    host: '127.0.0.1',
    port: 8080,
    demo: true,
    databaseUrl: undefined,
  });
  expect(config.dataDir).toMatch(/\/\.pontis$/);
});

test('flags win over environment', () => {
  expect(
    parseConfig(
      { port: '1', demo: false },
      { PONTIS_PORT: '2', PONTIS_DEMO: 'yes', PONTIS_DATA: 'x' },
    ),
  ).toMatchObject({ port: 1, demo: false, dataDir: resolve('x') });
});

test('percentages are sorted, each once', () => {
  expect(parseConfig({}, { PONTIS_RESERVE_THRESHOLDS: '90, 50,90' }).reserveThresholds).toEqual([
    50, 90,
  ]);
});

test('trusted proxies are addresses and ranges', () => {
  expect(parseConfig({}, {}).trustedProxies).toEqual([]);
  expect(
    parseConfig({}, { PONTIS_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::1' }).trustedProxies,
  ).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::1']);
});

test('an empty variable counts as not given', () => {
  expect(parseConfig({}, { PONTIS_PORT: '', DATABASE_URL: '' })).toMatchObject({
    port: 8080,
    databaseUrl: undefined,
  });
});

test.each([
  [{}, {}, ['127.0.0.0/8', '::1/128']],
  [{ host: '0.0.0.0' }, {}, []],
  [{ host: '127.0.0.1.example.com' }, {}, []],
  [{ demo: false }, {}, []],
  [{}, { DATABASE_URL: 'postgres://db/x' }, []],
  [{}, { PONTIS_ALLOW_PRIVATE_TARGETS: 'false' }, []],
  [{ host: '0.0.0.0' }, { PONTIS_ALLOW_PRIVATE_TARGETS: 'TRUE' }, ['0.0.0.0/0', '::/0']],
  [
    { demo: false },
    { PONTIS_ALLOW_PRIVATE_TARGETS: '10.1.0.0/16, fd00::/8' },
    ['10.1.0.0/16', 'fd00::/8'],
  ],
])(
  '%j %j lets webhooks and connectors be at the private addresses %j',
  (flags, environment, ranges) => {
    expect(privateRangesOf(parseConfig(flags, environment))).toEqual(ranges);
  },
);

test.each([
  [
    {},
    { PONTIS_ALLOW_PRIVATE_TARGETS: '10.0.0.0' },
    'PONTIS_ALLOW_PRIVATE_TARGETS must be true, false or ranges such as 10.1.0.0/16,fd00::/8, ' +
      'not "10.0.0.0".',
  ],
  [{ port: 'abc' }, {}, '--port must be a whole number from 0 to 65535, not "abc".'],
  [{ port: '65536' }, {}, '--port must be a whole number from 0 to 65535, not "65536".'],
  [
    {},
    { PONTIS_RESERVE_THRESHOLDS: '50,101' },
    'PONTIS_RESERVE_THRESHOLDS must be at most ten whole percentages from 1 to 100, such as ' +
      '50,75,90, not "50,101".',
  ],
  [{}, { PONTIS_PORT: '-1' }, 'PONTIS_PORT must be a whole number from 0 to 65535, not "-1".'],
  [
    {},
    { PONTIS_TRUSTED_PROXIES: 'true' },
    'PONTIS_TRUSTED_PROXIES must be addresses or ranges (but not of all addresses), such as ' +
      '10.1.0.7,fd00::/8, not "true".',
  ],
  [
    {},
    { PONTIS_TRUSTED_PROXIES: '10.0.0.1,0.0.0.0/0' },
    'PONTIS_TRUSTED_PROXIES must be addresses or ranges (but not of all addresses), such as ' +
      '10.1.0.7,fd00::/8, not "10.0.0.1,0.0.0.0/0".',
  ],
  [{ role: 'boss' }, {}, '--role must be one of all, api, worker, not "boss".'],
  [{ dataDir: '' }, {}, '--data must be a text that is not empty, not "".'],
  [
    {},
    { DATABASE_URL: 'mysql://root:hush@x' },
    'DATABASE_URL must be a connection string such as postgres://user:password@host:5432/database.',
  ],
])('%j %j is refused', (flags, environment, sentence) => {
  expect(() => parseConfig(flags, environment)).toThrow(sentence);
});

test.each([
  [{}, {}, true],
  [{ sandbox: false }, {}, false],
  [{}, { PONTIS_SANDBOX: 'no' }, false],
  [{ demo: false }, {}, false],
  [{ role: 'worker' }, {}, false],
  [{}, { DATABASE_URL: 'postgres://db/x' }, false],
  [{ sandbox: true }, { DATABASE_URL: 'postgres://db/x' }, true],
  [{}, { DATABASE_URL: 'postgres://db/x', PONTIS_SANDBOX: 'yes' }, true],
])('%j %j runs the sandbox: %j', (flags, environment, runs) => {
  expect(runsSandbox(parseConfig(flags, environment))).toBe(runs);
});

test('the sandbox may be called wherever the program listens; without one nothing is added', () => {
  expect(connectorRangesOf(parseConfig({ host: '0.0.0.0' }, {}))).toEqual([
    '127.0.0.0/8',
    '::1/128',
  ]);
  expect(connectorRangesOf(parseConfig({ host: '0.0.0.0', sandbox: false }, {}))).toEqual([]);
});
