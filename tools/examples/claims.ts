// Examples of disputes and recalls: two platforms disagree about transfers, and operators decide.

import type { Act } from './step.ts';

/** A transfer to dispute or to recall, under its own key. */
function transferFor(name: string): Act {
  return {
    operation: 'transfer',
    body: {
      from_user_id: 'a_1001',
      to_user_id: 'b_1001',
      amount: 20,
      target_platform: 'platform_b',
      idempotency_key: `for-${name}`,
    },
    save: { [name]: 'transaction_id' },
  };
}

function disputeFor(name: string): readonly Act[] {
  return [
    transferFor(`${name}_transfer`),
    {
      operation: 'openDispute',
      body: {
        transaction_id: `{${name}_transfer}`,
        reason_code: 'wrong_recipient',
        description: 'The member named another user.',
        idempotency_key: `for-${name}`,
      },
      save: { [name]: 'dispute_id' },
    },
  ];
}

export const DISPUTES: readonly Act[] = [
  ...disputeFor('dispute'),
  { operation: 'listDisputes', after: ['openDispute'] },
  { operation: 'getDispute', params: { dispute_id: '{dispute}' } },
  {
    operation: 'addEvidence',
    params: { dispute_id: '{dispute}' },
    body: { name: 'log.txt', text: 'Order 1 was for b_1002.' },
    save: { evidence: 'evidence' },
  },
  { operation: 'getEvidence', params: { dispute_id: '{dispute}', evidence: '{evidence}' } },
  {
    operation: 'respondToDispute',
    by: 'platform_b',
    params: { dispute_id: '{dispute}' },
    body: { answer: 'contest', description: 'Our log shows b_1001.' },
  },
  {
    operation: 'respondToDispute',
    params: { dispute_id: '{dispute}' },
    body: { answer: 'rebut', description: 'Your log has another order.' },
  },
  { operation: 'listAllDisputes', after: ['openDispute'] },
  { operation: 'getAnyDispute', params: { dispute_id: '{dispute}' } },
  {
    operation: 'addEvidenceAsOperator',
    params: { dispute_id: '{dispute}' },
    body: { name: 'note.txt', text: 'Both logs were compared.' },
    save: { evidence2: 'evidence' },
  },
  { operation: 'getAnyEvidence', params: { dispute_id: '{dispute}', evidence: '{evidence2}' } },
  {
    operation: 'decideDispute',
    params: { dispute_id: '{dispute}' },
    body: { outcome: 'rejected', reason: 'It was credited to the user that was named.' },
    after: ['respondToDispute'],
  },
  {
    operation: 'appealDispute',
    params: { dispute_id: '{dispute}' },
    body: { description: 'The log of 9 March was not read.' },
    after: ['decideDispute'],
  },
  ...disputeFor('dispute2'),
  {
    operation: 'withdrawDispute',
    params: { dispute_id: '{dispute2}' },
    body: { description: 'The member was wrong.' },
  },
  transferFor('disputed_transfer'),
  {
    operation: 'openDisputeAsOperator',
    body: {
      idempotency_key: 'operator-dispute-1',
      transaction_id: '{disputed_transfer}',
      side: 'source',
      reason_code: 'wrong_recipient',
      description: 'The platform asked by telephone.',
    },
  },
];

function recallFor(name: string): readonly Act[] {
  return [
    transferFor(`${name}_transfer`),
    {
      operation: 'askForRecall',
      params: { transaction_id: `{${name}_transfer}` },
      body: { reason: 'Sent to the wrong user', idempotency_key: `for-${name}` },
      save: { [name]: 'recall_id' },
    },
  ];
}

export const RECALLS: readonly Act[] = [
  ...recallFor('recall'),
  { operation: 'listRecalls', after: ['askForRecall'] },
  { operation: 'getRecall', params: { recall_id: '{recall}' } },
  { operation: 'listAllRecalls', after: ['askForRecall'] },
  { operation: 'getAnyRecall', params: { recall_id: '{recall}' } },
  {
    operation: 'acceptRecall',
    by: 'platform_b',
    params: { recall_id: '{recall}' },
    body: { description: 'The user agrees.' },
  },
  ...recallFor('recall2'),
  {
    operation: 'refuseRecall',
    by: 'platform_b',
    params: { recall_id: '{recall2}' },
    body: { description: 'The user does not agree.' },
  },
  ...recallFor('recall3'),
  {
    operation: 'withdrawRecall',
    params: { recall_id: '{recall3}' },
    body: { description: 'It was the right user.' },
  },
];
