// The table of commands: one row for each kind. A new kind is its file and its row here; deciding,
// loading, replaying and looking back walk this table. Before this: `decide.ts`. Next: the file of
// the kind, such as `transfer.ts`.

import type { TransactionKind } from '../types.ts';
import type { Readings } from '../view.ts';
import { adjust } from './adjust.ts';
import { capture } from './capture.ts';
import { clawback } from './clawback.ts';
import type { CommandBase, LedgerCommand } from './command.ts';
import { deposit } from './deposit.ts';
import { earn } from './earn.ts';
import { expire } from './expire.ts';
import { hold } from './hold.ts';
import { redeem } from './redeem.ts';
import { release } from './release.ts';
import { reverse } from './reverse.ts';
import { settle } from './settle.ts';
import { transfer } from './transfer.ts';
import { withdraw } from './withdraw.ts';

const rows = {
  earn,
  transfer,
  redeem,
  hold,
  capture,
  release,
  reverse,
  clawback,
  expire,
  adjust,
  deposit,
  withdraw,
  settle,
};

type CommandOf<Row> = Row extends LedgerCommand<infer C, infer _W, infer _R> ? C : never;

/** Everything that can be asked of the ledger. */
export type Command = { [K in keyof typeof rows]: CommandOf<(typeof rows)[K]> }[keyof typeof rows];

/** A kind of command as the code that walks the table sees it. */
export type AnyCommand = LedgerCommand<
  CommandBase & { readonly kind: TransactionKind },
  unknown,
  keyof Readings
>;

/** Does not compile when a row stands under another kind than its own. */
export const commands: {
  readonly [K in Command['kind']]: LedgerCommand<
    Extract<Command, { readonly kind: K }>,
    unknown,
    keyof Readings
  >;
} = rows;

export function kindOf(command: Command): AnyCommand {
  return commands[command.kind];
}
