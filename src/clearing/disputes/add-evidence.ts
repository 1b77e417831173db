// Adds a file of evidence to an open dispute; the same file from the same sender is kept once.

import { hash } from 'node:crypto';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { disputeProblems } from './problems.ts';
import { selectDispute } from './store.ts';
import { insertEvidence, insertStep, selectEvidence } from './store-trail.ts';
import type { DisputeParts } from './take-step.ts';
import { MAX_EVIDENCE, type Dispute, type Evidence, type EvidenceFile, type Who } from './types.ts';

export function addEvidence(
  { pool, clock }: Pick<DisputeParts, 'pool' | 'clock'>,
  { bucket, disputeId }: Dispute,
  who: Who,
  file: EvidenceFile,
): Promise<Result<Evidence>> {
  return dbTransaction(pool, async (client): Promise<Result<Evidence>> => {
    const dispute = await selectDispute(client, bucket, disputeId, true);
    if (dispute === undefined || dispute.outcome !== null)
      return refuse(disputeProblems.wrong_dispute_state(`It is ${dispute?.state ?? 'gone'}.`));
    const known = await selectEvidence(client, dispute);
    const sha256 = hash('sha256', file.content);
    const same = known.find(
      (one) =>
        one.sha256 === sha256 &&
        one.name === file.name &&
        one.who.actor === who.actor &&
        one.who.id === who.id,
    );
    if (same !== undefined) return ok(same);
    if (known.length >= MAX_EVIDENCE) return refuse(disputeProblems.too_much_evidence());
    const added = await insertEvidence(client, dispute, known.length + 1, file, who, clock.now());
    await insertStep(client, dispute, {
      takenAtMs: clock.now(),
      who,
      action: 'evidence',
      stateBefore: dispute.state,
      stateAfter: dispute.state,
      text: `${added.evidence}: ${added.name} sha256 ${added.sha256}`,
    });
    return ok(added);
  });
}
