// A platform that has only a statement and a total. It generates as many lines as its argument
// says, in pages over HTTP. It is a separate process, so that its CPU is not counted.

import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const lines = Number(process.argv[2]);
const LIMIT = 10_000;

/** The same as the sagas that the benchmark writes. */
function lineOf(index: number): string {
  const id = (index % 3).toString(16).padStart(4, '0') + hash('md5', String(index)).slice(4);
  const points = ((100 + (index % 1000)) / 100).toFixed(2);
  const deduct = index % 2 === 0;
  return `{"transaction_id":"txn_${id}","operation":"${deduct ? 'deduct' : 'add'}","user_id":"u_${index % 5000}","amount":${points},"effect":${deduct ? '-' : ''}${points}}`;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  response.setHeader('content-type', 'application/json');
  if (url.pathname.endsWith('/total_points')) {
    response.end('{"total_points":1000000}');
    return;
  }
  const since = Number(url.searchParams.get('since') ?? 0);
  const end = Math.min(
    since + Math.min(LIMIT, Number(url.searchParams.get('limit') ?? LIMIT)),
    lines,
  );
  const entries: string[] = [];
  for (let index = since + 1; index <= end; index += 1) entries.push(lineOf(index));
  response.end(`{"entries":[${entries.join(',')}],"next_cursor":"${end}","more":${end < lines}}`);
});
server.listen(0, '127.0.0.1', () =>
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
process.on('disconnect', () => process.exit());
