// Tests that the OpenAPI document is valid, complete and agrees with the server, and that its page
// loads nothing from elsewhere.

import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { inlineReferences } from '../../test/fixtures/inline-references.ts';
import { SCHEMA_NAMES } from './docs/schema-names.ts';

interface Document {
  readonly openapi: string;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly operationId?: string;
            readonly summary?: string;
            readonly security?: unknown;
            readonly 'x-problems'?: unknown;
            readonly responses: Readonly<Record<string, unknown>>;
          }
        >
      >
    >
  >;
}

let database: TestDatabase;
let api: TestApi;
let document: Document;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  document = (await api.server.inject('/openapi.json')).json();
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

test('is a valid document of version 3.1', async () => {
  expect(document.openapi).toBe('3.1.0');
  expect(await new Validator().validate({ ...structuredClone(document) })).toMatchObject({
    valid: true,
  });
});

test('has a second document of the same form, of what a connected platform implements', async () => {
  const connector = (await api.server.inject('/connector/openapi.json')).json<object>();
  expect(await new Validator().validate({ ...structuredClone(connector) })).toMatchObject({
    valid: true,
  });
  expect(() => inlineReferences(connector)).not.toThrow();
});

test('names every operation', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.sort()).toEqual(
    [
      'DELETE /api/webhooks/{webhook_id}',
      'DELETE /operator/connections/{platform_id}',
      'DELETE /operator/webhooks/{webhook_id}',
      'GET /api/disputes',
      'GET /api/disputes/{dispute_id}',
      'GET /api/disputes/{dispute_id}/evidence/{evidence}',
      'GET /api/events',
      'GET /api/points/balance',
      'GET /api/points/history',
      'GET /api/rates',
      'GET /api/recalls',
      'GET /api/recalls/{recall_id}',
      'GET /api/redemptions/{redemption_id}',
      'GET /api/reports/liability',
      'GET /api/reserve',
      'GET /api/rewards',
      'GET /api/rewards/options',
      'GET /api/settlements',
      'GET /api/settlements/{window_id}',
      'GET /api/settlements/{window_id}/statement',
      'GET /api/settlements/{window_id}/transactions',
      'GET /api/transactions/{transaction_id}',
      'GET /api/users/{platform_user_id}',
      'GET /api/vouchers/{code}',
      'GET /api/webhooks',
      'GET /api/webhooks/{webhook_id}',
      'GET /api/webhooks/{webhook_id}/deliveries',
      'GET /health',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
      'GET /connector/openapi.json',
      'GET /openapi.json',
      'GET /operator/breaks',
      'GET /operator/breaks/{break_id}',
      'GET /operator/connections',
      'GET /operator/disputes',
      'GET /operator/disputes/{dispute_id}',
      'GET /operator/disputes/{dispute_id}/evidence/{evidence}',
      'GET /operator/events',
      'GET /operator/members',
      'GET /operator/members/{member_id}',
      'POST /operator/member-links',
      'GET /operator/proposals',
      'GET /operator/proposals/{proposal_id}',
      'GET /operator/proposals/{proposal_id}/backtest',
      'GET /operator/recalls',
      'GET /operator/recalls/{recall_id}',
      'GET /operator/reconciliations',
      'GET /operator/reports/liability',
      'GET /operator/reserves',
      'GET /operator/reserves/{platform_id}',
      'GET /operator/reviews',
      'GET /operator/rulebook',
      'GET /operator/rulebook/diff',
      'GET /operator/rulebook/history',
      'GET /operator/transfers',
      'GET /operator/transfers/{transaction_id}',
      'GET /operator/webhooks',
      'GET /operator/webhooks/{webhook_id}',
      'GET /operator/webhooks/{webhook_id}/deliveries',
      'GET /operator/whoami',
      'GET /operator/windows',
      'GET /operator/windows/settings',
      'GET /operator/windows/{window_id}',
      'GET /operator/windows/{window_id}/statement',
      'GET /operator/windows/{window_id}/transactions',
      'GET /problems',
      'GET /problems/{code}',
      'PATCH /api/webhooks/{webhook_id}',
      'PATCH /operator/webhooks/{webhook_id}',
      'POST /api/disputes',
      'POST /api/disputes/{dispute_id}/appeal',
      'POST /api/disputes/{dispute_id}/evidence',
      'POST /api/disputes/{dispute_id}/respond',
      'POST /api/disputes/{dispute_id}/withdraw',
      'POST /api/ping',
      'POST /api/points/batch',
      'POST /api/points/earn',
      'POST /api/points/holds',
      'POST /api/points/holds/{hold_id}/capture',
      'POST /api/points/holds/{hold_id}/release',
      'POST /api/points/quote',
      'POST /api/points/redeem',
      'POST /api/points/reverse',
      'POST /api/points/transfer',
      'POST /api/recalls/{recall_id}/accept',
      'POST /api/recalls/{recall_id}/refuse',
      'POST /api/recalls/{recall_id}/withdraw',
      'POST /api/redemptions/{redemption_id}/cancel',
      'POST /api/redemptions/{redemption_id}/fulfil',
      'POST /api/rewards/validate',
      'POST /api/transactions/{transaction_id}/recall',
      'POST /api/users',
      'POST /api/webhooks',
      'POST /api/webhooks/{webhook_id}/redeliver',
      'POST /api/webhooks/{webhook_id}/secret',
      'POST /api/webhooks/{webhook_id}/test',
      'POST /operator/breaks/{break_id}/accept',
      'POST /operator/breaks/{break_id}/adjust',
      'POST /operator/breaks/{break_id}/dispute',
      'POST /operator/breaks/{break_id}/note',
      'POST /operator/breaks/{break_id}/recheck',
      'POST /operator/disputes',
      'POST /operator/disputes/{dispute_id}/decide',
      'POST /operator/disputes/{dispute_id}/evidence',
      'POST /operator/proposals',
      'POST /operator/proposals/{proposal_id}/approve',
      'POST /operator/proposals/{proposal_id}/reject',
      'POST /operator/proposals/{proposal_id}/withdraw',
      'POST /operator/reconciliations',
      'POST /operator/reserve-requests/{request_id}/approve',
      'POST /operator/reserve-requests/{request_id}/reject',
      'POST /operator/reserve-requests/{request_id}/withdraw',
      'GET /operator/requests',
      'GET /operator/requests/{request_id}',
      'POST /operator/requests/{request_id}/approve',
      'POST /operator/requests/{request_id}/reject',
      'POST /operator/requests/{request_id}/withdraw',
      'POST /operator/reserves/{platform_id}/cap',
      'POST /operator/reserves/{platform_id}/deposits',
      'POST /operator/reserves/{platform_id}/withdrawals',
      'POST /operator/reviews/{hold_id}/approve',
      'POST /operator/reviews/{hold_id}/reject',
      'POST /operator/rulebook/validate',
      'POST /operator/transfers/{transaction_id}/force_completed',
      'POST /operator/transfers/{transaction_id}/force_failed',
      'POST /operator/transfers/{transaction_id}/retry',
      'POST /operator/transfers/{transaction_id}/undo',
      'POST /operator/webhooks',
      'POST /operator/webhooks/{webhook_id}/redeliver',
      'POST /operator/webhooks/{webhook_id}/secret',
      'POST /operator/webhooks/{webhook_id}/test',
      'POST /operator/windows/{window_id}/abort',
      'POST /operator/windows/{window_id}/acts/{act_id}/approve',
      'POST /operator/windows/{window_id}/acts/{act_id}/withdraw',
      'POST /operator/windows/{window_id}/approve',
      'POST /operator/windows/{window_id}/close',
      'POST /operator/windows/{window_id}/leave-out',
      'POST /operator/windows/{window_id}/settle',
      'POST /operator/windows/{window_id}/take-back',
      'POST /operator/windows/{window_id}/withdraw',
      'PUT /api/users/{platform_user_id}/tags',
      'PUT /operator/connections/{platform_id}',
      'PUT /operator/reserves/{platform_id}/mode',
      'PUT /operator/windows/settings',
    ].sort(),
  );
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      expect(operation).toMatchObject({
        operationId: expect.any(String),
        summary: expect.any(String),
        'x-problems': expect.any(Object),
      });
      expect(operation.security !== undefined).toBe(/^\/(api|operator)\//.test(path));
      if (operation.security !== undefined) {
        const statuses = Object.keys(operation.responses);
        expect(statuses).toEqual(expect.arrayContaining(['4XX', '5XX']));
        // An act of two operators only creates a request.
        expect(statuses.some((status) => status === '200' || status === '202')).toBe(true);
      }
    }
  }
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(JSON.stringify(document)).toContain('Idempotency-Key');
  expect(document.paths['/operator/whoami']?.['get']?.security).toEqual([{ operatorToken: [] }]);
});

test('names its nouns: every reference leads somewhere, and nothing named is written out again', () => {
  expect(() => inlineReferences(document)).not.toThrow();
  const { schemas } = document.components;
  expect(Object.keys(SCHEMA_NAMES).filter((name) => schemas[name] === undefined)).toEqual([]);
  const text = JSON.stringify(document);
  const again = Object.entries(schemas)
    .filter(([, schema]) => 'required' in schema)
    .filter(([, schema]) => text.split(JSON.stringify(schema)).length > 2);
  expect(again.map(([name]) => name)).toEqual([]);
  expect(text).not.toContain('Default Response');
  // Without its examples, and with them.
  const examples = new Set(['example', 'examples', 'x-example']);
  const bare = JSON.stringify(document, (key, value: unknown) =>
    examples.has(key) ? undefined : value,
  );
  expect(bare.length).toBeLessThan(280_000);
  expect(text.length).toBeLessThan(340_000);
});

test('the page and all it loads come from this server under a strict policy', async () => {
  const page = await api.server.inject('/docs');
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-security-policy']).toContain("script-src 'self';");
  expect(page.body).not.toMatch(/(src|href)="https?:/);
  expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)/);
  for (const [, link = ''] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const asset = await api.server.inject(new URL(link, 'http://x/docs/').pathname);
    expect([link, asset.statusCode]).toEqual([link, 200]);
  }
});
