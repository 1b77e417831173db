// Lists all posting operations: each has an endpoint of its own and is a kind of operation in a
// batch.

import type { PostingOperation } from '../define-operation.ts';
import { capture } from '../platform/capture.ts';
import { earn } from '../platform/earn.ts';
import { hold } from '../platform/hold.ts';
import { redeem } from '../platform/redeem.ts';
import { release } from '../platform/release.ts';
import { reverse } from '../platform/reverse.ts';
import { transfer } from '../platform/transfer.ts';

/** In the order in which the batch documents them. */
export const operations: readonly PostingOperation[] = [
  earn,
  transfer,
  redeem,
  hold,
  capture,
  release,
  reverse,
];
