// Records the examples of the API: sends all steps (tools/examples/) to a fresh demo network and
// writes the answers to src/api/docs/examples.json, from which /openapi.json takes them. Run
// `node tools/record-examples.ts` after a change of a step or an answer, and then
// `node tools/dump-openapi.ts`.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../test/fixtures/program.ts';
import type { Example } from '../src/api/docs/add-examples.ts';
import { REFUSED_AT_ONCE } from './examples/connected.ts';
import { runSteps, type Sent } from './examples/run.ts';
import { createStabilizer } from './examples/stabilize.ts';
import { STEPS } from './examples/steps.ts';
import { shortened } from './examples/shorten.ts';

const FILE = join(import.meta.dirname, '..', 'src', 'api', 'docs', 'examples.json');

type Recorded = Record<
  string,
  Omit<Example, 'answers'> & { answers: Record<string, Record<string, unknown>> }
>;

/** The examples of all operations: the first request of each, and its first answer of each form. */
export function recordedFrom(sent: readonly Sent[], startedAt: number): Recorded {
  const stable = createStabilizer(startedAt);
  const recorded: Recorded = {};
  for (const one of sent) {
    const { operation, by, values, ids, after, body, status, mediaType, answer } = one;
    const example = (recorded[operation] ??= {
      by,
      ...(after.length === 0 ? {} : { after }),
      ...unlessEmpty({ values: stable(values), ids: stable(ids) }),
      ...(body === undefined ? {} : { body: stable(body) }),
      answers: {},
    });
    const answers = (example.answers[REFUSED_AT_ONCE.has(operation) ? '4XX' : status] ??= {});
    answers[mediaType] ??= stable(shortened(answer));
  }
  return recorded;
}

function unlessEmpty(fields: { readonly values: unknown; readonly ids: unknown }) {
  return Object.fromEntries(
    Object.entries(fields).filter(([, field]) => Object.keys(field as object).length > 0),
  );
}

if (import.meta.main) {
  const startedAt = Date.now();
  const data = mkdtempSync(join(tmpdir(), 'pontis-examples-'));
  const program = await startProgram(['--data', data, '--metrics-port', '0']);
  try {
    const sent = await runSteps(STEPS, { url: program.url, data });
    const recorded = recordedFrom(sent, startedAt);
    const lines = Object.entries(recorded).map(
      ([operation, example]) => `${JSON.stringify(operation)}:${JSON.stringify(example)}`,
    );
    writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
  } finally {
    await program.stop();
    rmSync(data, { recursive: true });
  }
}
