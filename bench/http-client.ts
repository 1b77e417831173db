// Makes load over HTTP from its own process. Signed requests are made beforehand and sent over
// keep-alive connections, one at a time on each.

import { connect } from 'node:net';
import { signRequest } from '../src/security/security.ts';
import { pause, percentiles, type Load } from './load.ts';

/** The job that the parent process sends. */
export interface HttpJob {
  readonly url: string;
  readonly path: string;
  readonly credentials: {
    readonly platformId: string;
    readonly secret: string;
    readonly token: string;
  };
  readonly connections: number;
  readonly seconds: number;
  /**
   * Requests per second over all connections. By default each connection sends as soon as it has an
   * answer.
   */
  readonly pace?: number;
  /** Users for the bodies. */
  readonly users: readonly string[];
  readonly kind: 'ping' | 'transfer' | 'batch' | 'quote' | 'balance';
  /**
   * Makes the bodies of one job different from those of other jobs. It is part of idempotency keys,
   * so it has no spaces.
   */
  readonly run: string;
}

/** Operations in one body of kind `batch`. */
export const BATCH_SIZE = 1_000;

function userOf(job: HttpJob): string {
  return job.users[Math.floor(Math.random() * job.users.length)] ?? '';
}

function transferOf(job: HttpJob, index: number): Record<string, unknown> {
  const user = userOf(job);
  return {
    from_user_id: user,
    to_user_id: user,
    amount: 123.45,
    target_platform: 'platform_b',
    idempotency_key: `${job.run}/${index}`,
  };
}

function bodyOf(job: HttpJob, index: number): string {
  switch (job.kind) {
    case 'transfer':
      return JSON.stringify(transferOf(job, index));
    case 'quote':
      return JSON.stringify({
        from_user_id: userOf(job),
        amount: 123.45,
        target_platform: 'platform_b',
      });
    case 'balance':
      return '';
    // As large as a transfer, so that reading and signing cost the same.
    case 'ping':
      return JSON.stringify(transferOf(job, index));
    case 'batch':
      return JSON.stringify({
        operations: Array.from({ length: BATCH_SIZE }, (_, item) => ({
          kind: 'transfer',
          ...transferOf(job, index * BATCH_SIZE + item),
        })),
      });
  }
}

function requestOf(job: HttpJob, index: number): Buffer {
  const { platformId, secret, token } = job.credentials;
  const body = Buffer.from(bodyOf(job, index));
  const timestamp = String(Math.floor(Date.now() / 1000));
  const method = job.kind === 'balance' ? 'GET' : 'POST';
  const target = job.kind === 'balance' ? `${job.path}?user_id=${userOf(job)}` : job.path;
  const signature = signRequest(secret, {
    timestamp,
    method,
    path: job.path,
    body: method === 'GET' ? undefined : body,
  });
  const head = [
    `${method} ${target} HTTP/1.1`,
    `host: ${new URL(job.url).host}`,
    ...(method === 'GET'
      ? []
      : ['content-type: application/json', `content-length: ${body.length}`]),
    `x-platform-id: ${platformId}`,
    `x-platform-token: ${token}`,
    `x-timestamp: ${timestamp}`,
    `x-signature: ${signature}`,
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(head.join('\r\n')), body]);
}

/** One connection. `send` resolves with the status of the answer. */
function openConnection(url: string): { send(request: Buffer): Promise<number>; close(): void } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  let answer: ((status: number) => void) | undefined;
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    received = Buffer.alloc(0);
    answer?.(Number(head.slice(9, 12)));
  });
  socket.on('error', () => answer?.(0));
  return {
    send: (request) =>
      new Promise((resolve) => {
        answer = resolve;
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

async function runJob(job: HttpJob): Promise<Load> {
  // More requests than can be answered, so that making and signing them takes no time during the
  // measurement.
  const ceiling = job.kind === 'batch' ? 60 : 15_000;
  const requests = Array.from(
    { length: Math.ceil(Math.min(job.pace ?? ceiling, ceiling) * (job.seconds + 1.5)) },
    (_, index) => requestOf(job, index),
  );
  const latencies: number[] = [];
  let [failures, next, counting] = [0, 0, false];
  const startedAt = performance.now();
  const until = startedAt + (job.seconds + 1) * 1000;
  const connections = Array.from({ length: job.connections }, () => openConnection(job.url));
  const loops = connections.map(async (connection) => {
    while (performance.now() < until) {
      const index = next;
      next += 1;
      const request = requests[index];
      if (request === undefined) break;
      let from = performance.now();
      if (job.pace !== undefined) {
        // If a request is late because an earlier one was slow, its waiting time counts (no
        // coordinated omission).
        const due = startedAt + (index / job.pace) * 1000;
        if (due > from) await pause((due - from) / 1000);
        from = due;
      }
      const status = await connection.send(request);
      if (!counting) continue;
      if (status === 200) latencies.push(performance.now() - from);
      else failures += 1;
    }
  });
  await pause(1);
  counting = true;
  const from = performance.now();
  await Promise.all(loops);
  const elapsed = (performance.now() - from) / 1000;
  connections.forEach((connection) => connection.close());
  return { rate: latencies.length / elapsed, ...percentiles(latencies), failures };
}

process.once('message', (job: HttpJob) => {
  void runJob(job).then((load) => process.send?.(load, () => process.exit(0)));
});
