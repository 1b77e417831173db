// Starts the process that makes HTTP load, and waits for its measurements.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HttpJob } from './http-client.ts';
import type { Load } from './load.ts';

/** Runs one job. */
export async function runHttpLoad(job: HttpJob): Promise<Load> {
  const child = fork(join(import.meta.dirname, 'http-client.ts'));
  child.send(job);
  const [load] = (await once(child, 'message')) as [Load];
  return load;
}
