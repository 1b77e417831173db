// Finds the statement of a window for the platform that an operator names.

import type { Statement } from '../../clearing/settlement/settlement.ts';
import { identityProblems } from '../../identity/identity.ts';
import { refuse, type Result } from '../../kernel/problem.ts';
import type { ApiParts } from '../parts.ts';

/** The statement; `platform_not_found` if the network has no such platform. */
export async function statementOf(
  { settlement, identity }: ApiParts,
  windowId: number,
  asked: string,
): Promise<Result<Statement>> {
  const platform = identity.findPlatform(asked);
  return platform === undefined
    ? refuse(identityProblems.platform_not_found())
    : settlement.statement(windowId, platform.platformId);
}
