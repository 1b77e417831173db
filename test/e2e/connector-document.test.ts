// The document of the connector API says what is done: whatever the network asks of a connected
// platform, and whatever a platform that passes the suite answers, is declared in it.

import { createServer, type IncomingMessage } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it, onTestFinished } from 'vitest';
import { describeConnectorApi, testConnector } from '../../src/connections/connections.ts';
import { createJudge } from '../fixtures/declared-answers.ts';
import { inlineReferences } from '../fixtures/inline-references.ts';
import { startSandbox } from '../fixtures/sandbox.ts';

interface Document {
  readonly components: { readonly schemas: { readonly StepRequest: object } };
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly parameters?: readonly { name: string }[] }>>>
  >;
}

async function read(message: IncomingMessage | Response): Promise<string> {
  if (message instanceof Response) return message.text();
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(Buffer.from(part as Buffer));
  return Buffer.concat(parts).toString();
}

/** Passes every call on to a platform, and collects what the document does not declare. */
async function listenBetween(
  url: string,
): Promise<{ url: string; undeclared: string[]; calls: Set<string> }> {
  const document = inlineReferences(describeConnectorApi('1.0.0')) as Document;
  const judge = createJudge(document);
  const isStep = new Ajv2020({ strict: false }).compile(document.components.schemas.StepRequest);
  const [undeclared, calls]: [string[], Set<string>] = [[], new Set()];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url: path = '' } = request;
      const body = await read(request);
      const answer = await fetch(url + path, {
        method,
        headers: request.headers as Record<string, string>,
        ...(body === '' ? {} : { body }),
      });
      const text = await read(answer);
      const contentType = answer.headers.get('content-type') ?? undefined;
      const fault = judge({ method, url: path, status: answer.status, contentType, body: text });
      // 401 and 403 have no body that matters.
      if (fault !== undefined && ![401, 403].includes(answer.status)) undeclared.push(fault);
      if (answer.status === 200) {
        calls.add(`${method} ${path.split('?')[0]?.split('/').slice(0, 4).join('/')}`);
        if (method === 'POST' && !isStep(JSON.parse(body))) undeclared.push(`sent ${body}`);
      }
      response.writeHead(answer.status, { 'content-type': contentType }).end(text);
    })();
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, undeclared, calls };
}

it('what the suite asks and the sandbox answers is declared, and every operation is asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pontis-connector-document-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sandbox = await startSandbox(folder, { ann: '100' });
  onTestFinished(async () => void (await sandbox.program.stop()));
  const between = await listenBetween(sandbox.target.url);
  const report = await testConnector({ ...sandbox.target, url: between.url }, { userId: 'ann' });
  expect(report.checks.filter(({ state }) => state === 'failed')).toEqual([]);
  expect(between.undeclared).toEqual([]);
  const { paths } = describeConnectorApi('1.0.0') as Document;
  expect([...between.calls].sort()).toEqual(
    Object.entries(paths)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map(
          (method) => `${method.toUpperCase()} ${path.split('/').slice(0, 4).join('/')}`,
        ),
      )
      .sort(),
  );
});
