// Tests the tables of routes: each route is listed once, its file and folder follow from its
// operationId and URL, and the problems that it names exist.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTS } from '../acts/acts.ts';
import { problemCatalogue } from './problem-catalogue.ts';
import { openRoutes, operatorRoutes, platformRoutes } from './routes.ts';
import { SIDE_PROBLEMS } from './side-problems.ts';

const sides = { platform: platformRoutes, operator: operatorRoutes, open: openRoutes } as const;
const prefixes = {
  platform: /^\/api\//,
  operator: /^\/operator\//,
  open: /^\/(?!api\/|operator\/)/,
};
const codes = new Set<string>(problemCatalogue.map(({ code }) => code));

function kebab(operationId: string): string {
  return operationId.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

describe.each(Object.keys(sides) as (keyof typeof sides)[])('a route of the side %s', (side) => {
  const routes = sides[side].map(({ route }) => route);

  it('is in a file named by its operationId, which exports it by that name', async () => {
    const folder = join(import.meta.dirname, side);
    const files = readdirSync(folder).filter((name) => !name.endsWith('.test.ts'));
    expect(files.sort()).toEqual(
      routes.map(({ operationId }) => `${kebab(operationId)}.ts`).sort(),
    );
    for (const route of routes) {
      const file = (await import(join(folder, `${kebab(route.operationId)}.ts`))) as object;
      expect(Object.entries(file)).toContainEqual([route.operationId, route]);
    }
  });

  it('has the URL of its side', () => {
    expect(routes.filter(({ url }) => !prefixes[side].test(url))).toEqual([]);
  });

  it('names problems that exist, each once, and none that all routes of the side have', () => {
    const ofAll = new Set<string>(SIDE_PROBLEMS[side]);
    for (const { operationId, problems } of routes) {
      expect([operationId, problems.filter((code) => !codes.has(code))]).toEqual([operationId, []]);
      expect([operationId, problems.filter((code) => ofAll.has(code))]).toEqual([operationId, []]);
      expect([operationId, new Set(problems).size]).toEqual([operationId, problems.length]);
    }
  });
});

it('every problem of a side exists', () => {
  const named = Object.values(SIDE_PROBLEMS).flat();
  expect(named.filter((code) => !codes.has(code))).toEqual([]);
});

it('no two routes have one operationId, or one method and URL', () => {
  const routes = Object.values(sides).flatMap((rows) => rows.map(({ route }) => route));
  for (const names of [
    routes.map(({ operationId }) => operationId),
    routes.map(({ method, url }) => `${method} ${url}`),
  ])
    expect(names.length).toBe(new Set(names).size);
});

it('every act of a row is in the table of acts, and every row says who may call it', () => {
  for (const { route, roles, acts = [] } of operatorRoutes) {
    expect([route.operationId, acts.filter((name) => !(name in ACTS))]).toEqual([
      route.operationId,
      [],
    ]);
    expect(roles.length, route.operationId).toBeGreaterThan(0);
  }
});
