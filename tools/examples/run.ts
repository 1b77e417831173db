// Runs the steps in order on a running demo network, each as a client does, over HTTP.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signRequest } from '../../src/security/security.ts';
import { OPERATIONS } from './operations.ts';
import type { Act, Caller, FaultStep, Step } from './step.ts';

const REPEAT_MS = 200;
const REPEATS = 300;

interface Credentials {
  readonly platforms: readonly {
    readonly platform_id: string;
    readonly secret: string;
    readonly token: string;
    readonly fault_panel?: { readonly url: string; readonly admin_token: string };
  }[];
  readonly operators: readonly { readonly operator_id: string; readonly token: string }[];
  readonly scrape_token: string;
}

/** One step that was sent, and its answer. */
export interface Sent {
  readonly operation: string;
  readonly by: Caller;
  /** Operations that lead to it, in order. */
  readonly after: readonly string[];
  /** The parameters of path and query: those that the step says, and ids of earlier steps. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly ids: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly status: number;
  readonly mediaType: string;
  /** JSON as a value, everything else as text. */
  readonly answer: unknown;
}

/** Sends all steps to the demo network with this data folder. Throws at the first one that fails. */
export async function runSteps(
  steps: readonly Act[],
  { url, data }: { readonly url: string; readonly data: string },
): Promise<Sent[]> {
  const credentials = JSON.parse(
    readFileSync(join(data, 'credentials.json'), 'utf8'),
  ) as Credentials;
  const saved = new Map<string, { readonly value: unknown; readonly by: readonly string[] }>();
  const leadsTo = new Map<string, readonly string[]>();
  const sent: Sent[] = [];
  for (const step of steps) {
    if ('sandbox' in step) {
      await setFault(step, credentials);
      continue;
    }
    const used = placeholdersOf(step).map((name) => {
      const found = saved.get(name);
      if (found === undefined) throw new Error(`${step.operation}: nothing has saved ${name}`);
      return found;
    });
    const named = (step.after ?? []).flatMap((name) => [...(leadsTo.get(name) ?? []), name]);
    const after = [...new Set([...used.flatMap(({ by }) => by), ...named])];
    const one = await sendStep(step, url, after, (text) => fill(text, saved), credentials);
    sent.push(one);
    if (!leadsTo.has(step.operation)) leadsTo.set(step.operation, after);
    for (const [name, path] of Object.entries(step.save ?? {})) {
      const value = fieldOf(one.answer, path);
      if (value === undefined)
        throw new Error(`${step.operation} has no ${path}: ${JSON.stringify(one.answer)}`);
      saved.set(name, { value, by: [...new Set([...after, step.operation])] });
    }
  }
  return sent;
}

async function sendStep(
  step: Step,
  base: string,
  after: readonly string[],
  filled: (value: unknown) => unknown,
  credentials: Credentials,
): Promise<Sent> {
  const found = OPERATIONS.get(step.operation);
  if (found === undefined) throw new Error(`there is no operation ${step.operation}`);
  const by = step.by ?? DEFAULT_CALLER[found.side];
  const path = found.url.replaceAll(/:(\w+)/g, (_all, name: string) =>
    encodeURIComponent(String(filled(step.params?.[name]))),
  );
  const query = new URLSearchParams(
    Object.entries(step.query ?? {}).map(([name, value]) => [name, String(filled(value))]),
  ).toString();
  const body = step.body === undefined ? undefined : filled(step.body);
  const text = body === undefined ? undefined : JSON.stringify(body);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(`${base}${path}${query === '' ? '' : `?${query}`}`, {
      method: found.method,
      headers: {
        ...headersOf(by, { method: found.method, path, text }, credentials),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const mediaType = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const written = await answer.text();
    const value: unknown = mediaType.endsWith('json') ? JSON.parse(written) : written;
    const again = step.until !== undefined && (fieldOf(value, step.until) ?? null) === null;
    if (again && attempt < REPEATS) {
      await sleep(REPEAT_MS);
      continue;
    }
    if (again || answer.status !== (step.status ?? 200))
      throw new Error(`${found.method} ${path} ${text ?? ''}: ${answer.status} ${written}`);
    return {
      operation: step.operation,
      by,
      after,
      ...parametersOf(step, filled),
      body,
      status: answer.status,
      mediaType,
      answer: value,
    };
  }
}

function parametersOf(
  { params, query }: Step,
  filled: (value: unknown) => unknown,
): Pick<Sent, 'values' | 'ids'> {
  const all = Object.entries({ ...params, ...query }).map(
    ([name, value]) => [name, value, filled(value)] as const,
  );
  const pick = (isId: boolean) =>
    Object.fromEntries(
      all.filter(([, written, value]) => (written !== value) === isId).map(([n, , v]) => [n, v]),
    );
  return { values: pick(false), ids: pick(true) };
}

const DEFAULT_CALLER = { platform: 'platform_a', operator: 'maker', open: 'anybody' } as const;

function headersOf(
  by: Caller,
  request: { readonly method: string; readonly path: string; readonly text: string | undefined },
  { platforms, operators, scrape_token: scrapeToken }: Credentials,
): Record<string, string> {
  if (by === 'anybody') return {};
  const operator = operators.find(({ operator_id: id }) => id === by);
  const bearer = by === 'monitor' ? scrapeToken : operator?.token;
  if (bearer !== undefined) return { authorization: `Bearer ${bearer}` };
  const platform = platforms.find(({ platform_id: id }) => id === by);
  if (platform === undefined) throw new Error(`the demo network has no ${by}`);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const { method, path, text } = request;
  return {
    'x-platform-id': by,
    'x-platform-token': platform.token,
    'x-timestamp': timestamp,
    'x-signature': signRequest(platform.secret, {
      timestamp,
      method,
      path,
      body: text === undefined ? undefined : Buffer.from(text),
    }),
  };
}

async function setFault({ sandbox, method, body }: FaultStep, { platforms }: Credentials) {
  const panel = platforms.find(({ fault_panel: found }) => found !== undefined)?.fault_panel;
  if (panel === undefined) throw new Error('the demo network has no sandbox');
  const answer = await fetch(panel.url.replace(/\/faults$/, '') + sandbox, {
    method,
    headers: {
      authorization: `Bearer ${panel.admin_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`sandbox ${sandbox}: ${answer.status} ${await answer.text()}`);
}

const PLACEHOLDER = /\{(\w+)\}/g;

function placeholdersOf({ params, query, body }: Step): string[] {
  const written = JSON.stringify([params, query, body]);
  return [...written.matchAll(/"\{(\w+)\}"/g)].map(([, name = '']) => name);
}

function fill(value: unknown, saved: ReadonlyMap<string, { readonly value: unknown }>): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(item, saved));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, saved)]));
  if (typeof value !== 'string') return value;
  const whole = /^\{(\w+)\}$/.exec(value)?.[1];
  if (whole !== undefined) return saved.get(whole)?.value;
  return value.replaceAll(PLACEHOLDER, (all, name: string) =>
    String(saved.get(name)?.value ?? all),
  );
}

/** The field at a path such as `vouchers.0.code`. */
function fieldOf(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) => (at as Readonly<Record<string, unknown>> | null | undefined)?.[name],
      value,
    );
}
