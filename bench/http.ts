// Starts the HTTP load process and waits for what it measured.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HttpJob } from './http-client.ts';
import type { Load } from './load.ts';

export async function runHttpLoad(job: HttpJob): Promise<Load> {
  const child = fork(join(import.meta.dirname, 'http-client.ts'));
  child.send(job);
  const [load] = (await once(child, 'message')) as [Load];
  return load;
}
