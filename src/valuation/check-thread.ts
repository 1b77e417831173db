// The code of a checker's thread: does one check and sends the result to the thread that started
// it.

import { parentPort, workerData } from 'node:worker_threads';
import { checkChange, type CheckInput } from './check-change.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(checkChange(workerData as CheckInput));
