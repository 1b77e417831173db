// A connected platform for the benchmark, as a separate process. It answers every call after 10 ms,
// keeps its data in memory, and fails as often as its argument says. `node bench/slow-platform.ts
// LATENCY_MS FAULT_SHARE` prints its URL. It checks no signatures, because that cost must not count
// as the network's.

import { createServer } from 'node:http';

const [latencyMs = 10, faultShare = 0] = process.argv.slice(2).map(Number);

/** The step that was applied for each transaction, and whether it was reversed. */
const done = new Map<
  string,
  { readonly operation: string; readonly body: Call; reversed: boolean }
>();

interface Call {
  readonly user_id: string;
  readonly amount: number;
  readonly transaction_id: string;
}

type Reply = readonly [status: number, body: object];

function apply(operation: string, body: Call): Reply {
  const known = done.get(body.transaction_id);
  if (operation === 'reverse') {
    done.set(body.transaction_id, {
      operation: known?.operation ?? 'reverse',
      body,
      reversed: true,
    });
  } else if (known === undefined)
    done.set(body.transaction_id, { operation, body, reversed: false });
  else if (known.reversed) return [409, { error: 'reversed' }];
  return [
    200,
    {
      success: true,
      transaction_id: body.transaction_id,
      operation,
      user_id: body.user_id,
      amount: body.amount,
      balance: 1_000_000,
    },
  ];
}

function find(transactionId: string): Reply {
  const known = done.get(transactionId);
  if (known === undefined)
    return [404, { error: 'Unknown transaction', transaction_id: transactionId, state: 'unknown' }];
  const { operation, body, reversed } = known;
  const effect = reversed ? 0 : operation === 'deduct' ? -body.amount : body.amount;
  return [
    200,
    {
      transaction_id: transactionId,
      state: reversed ? 'reversed' : 'applied',
      operation: operation === 'reverse' ? null : operation,
      user_id: body.user_id,
      amount: body.amount,
      effect,
    },
  ];
}

/** The answer to a call: a step, or a look-up of a user or a transaction. */
function answer(method: string | undefined, url: string, text: string): Reply {
  const [kind = '', name = ''] = url.split('/').slice(-2);
  if (method === 'POST') return apply(name, JSON.parse(text) as Call);
  return kind === 'users'
    ? [200, { user_id: decodeURIComponent(name), balance: 1_000_000 }]
    : find(decodeURIComponent(name));
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    setTimeout(() => {
      const fault = Math.random() < faultShare ? Math.floor(Math.random() * 3) : -1;
      if (fault === 0) return void response.writeHead(500).end('{"error":"injected"}');
      if (fault === 1) return void request.socket.destroy();
      const [status, body] = answer(
        request.method,
        request.url ?? '',
        Buffer.concat(chunks).toString(),
      );
      // Applied, but the answer is lost.
      if (fault === 2) return void request.socket.destroy();
      return void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(body));
    }, latencyMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}\n`);
});
