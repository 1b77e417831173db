// What runs in a thread of its own: one check, told to whoever started the thread.

import { parentPort, workerData } from 'node:worker_threads';
import { checkChange, type CheckInput } from './check-change.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(checkChange(workerData as CheckInput));
