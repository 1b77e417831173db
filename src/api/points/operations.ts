// Table of all posting operations: each is an endpoint of its own and a kind of operation in a
// batch.

import type { PostingOperation } from '../operation.ts';
import { capture } from './post-capture.ts';
import { earn } from './post-earn.ts';
import { hold } from './post-hold.ts';
import { redeem } from './post-redeem.ts';
import { release } from './post-release.ts';
import { reverse } from './post-reverse.ts';
import { transfer } from './post-transfer.ts';

export const operations: readonly PostingOperation[] = [
  earn,
  transfer,
  redeem,
  hold,
  capture,
  release,
  reverse,
];
