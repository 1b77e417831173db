// Finds a hold of the calling platform by its public id; a hold of another platform is not found.

import { parseId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, type Hold } from '../../ledger/ledger.ts';
import type { Caller } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';

/** The hold; `hold_not_found` if there is none or it is another platform's. */
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
