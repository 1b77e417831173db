// A hold of the calling platform by its public id; one of another platform does not exist for it.

import { parseId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, type Hold } from '../../ledger/ledger.ts';
import type { Caller } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';

export async function findOwnHold(
  { ledger }: ApiParts,
  { points }: Caller,
  publicId: string,
): Promise<Result<Hold>> {
  const holdId = parseId('hold', publicId);
  const hold = holdId === undefined ? undefined : await ledger.findHold(holdId);
  return hold === undefined || hold.assetId !== points.assetId
    ? refuse(ledgerProblems.hold_not_found(undefined, { field: 'hold_id' }))
    : ok(hold);
}
