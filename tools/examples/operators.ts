// Examples of operators: members, acts of two persons, connections, the rulebook, reviews and
// reserves.

import type { Act } from './step.ts';

function linkFor(name: string, userId: string): Act {
  return {
    operation: 'linkMembers',
    body: {
      links: [{ platform_id: 'platform_b', platform_user_id: userId, member_id: '{member}' }],
      reason: 'The member has shown both cards',
    },
    status: 202,
    save: { [name]: 'request_id', [`${name}_fingerprint`]: 'fingerprint' },
  };
}

export const REQUESTS: readonly Act[] = [
  { operation: 'whoami' },
  {
    operation: 'findMember',
    query: { platform_id: 'platform_a', platform_user_id: 'a_2001' },
    after: ['linkUser'],
    save: { member: 'member_id' },
  },
  { operation: 'getMember', params: { member_id: '{member}' } },
  linkFor('request', 'b_2001'),
  { operation: 'listRequests', after: ['linkMembers'] },
  { operation: 'getRequest', params: { request_id: '{request}' } },
  linkFor('request2', 'b_2002'),
  {
    operation: 'rejectRequest',
    by: 'checker',
    params: { request_id: '{request2}' },
    body: { reason: 'The cards have two names' },
  },
  linkFor('request3', 'b_2002'),
  {
    operation: 'withdrawRequest',
    params: { request_id: '{request3}' },
    body: { reason: 'Asked by mistake' },
  },
  {
    operation: 'approveRequest',
    by: 'checker',
    params: { request_id: '{request}' },
    body: { fingerprint: '{request_fingerprint}' },
  },
  { operation: 'listConnections' },
  {
    operation: 'setConnection',
    params: { platform_id: 'platform_c' },
    body: {
      url: 'http://127.0.0.1:8090',
      token: 'token-of-the-network',
      reason: 'Their new address',
    },
    status: 202,
    save: { connection: 'request_id' },
  },
  {
    operation: 'withdrawRequest',
    params: { request_id: '{connection}' },
    body: { reason: 'They stay where they are' },
  },
  {
    operation: 'removeConnection',
    params: { platform_id: 'platform_c' },
    query: { reason: 'They leave' },
    status: 202,
    save: { connection2: 'request_id' },
  },
  {
    operation: 'withdrawRequest',
    params: { request_id: '{connection2}' },
    body: { reason: 'They stay' },
  },
  { operation: 'listNetworkEvents', query: { limit: 1 } },
];

/** Transfers of exactly 77 points wait for an operator. */
const REVIEW_77 = {
  rules: {
    look_at_77: { kind: 'review', when: 'amount == 77.0', reason: 'Operators look at 77 points' },
  },
};

function proposalFor(name: string, patch: typeof REVIEW_77): Act {
  return {
    operation: 'proposeChange',
    body: { patch, reason: 'Agreed by both platforms', urgent: true },
    save: { [name]: 'proposal_id' },
  };
}

function reviewFor(name: string): Act {
  return {
    operation: 'transfer',
    body: {
      from_user_id: 'a_1001',
      to_user_id: 'b_1001',
      amount: 77,
      target_platform: 'platform_b',
      idempotency_key: `for-${name}`,
    },
    after: ['approveProposal'],
    save: { [`${name}_transaction`]: 'transaction_id' },
  };
}

export const RULEBOOK: readonly Act[] = [
  { operation: 'validateRulebook', body: { patch: REVIEW_77 } },
  proposalFor('proposal', REVIEW_77),
  { operation: 'listProposals', after: ['proposeChange'] },
  { operation: 'getProposal', params: { proposal_id: '{proposal}' } },
  { operation: 'backtestProposal', params: { proposal_id: '{proposal}' }, query: { days: 7 } },
  proposalFor('proposal2', REVIEW_77),
  {
    operation: 'rejectProposal',
    by: 'checker',
    params: { proposal_id: '{proposal2}' },
    body: { reason: 'Not agreed' },
  },
  proposalFor('proposal3', REVIEW_77),
  {
    operation: 'withdrawProposal',
    params: { proposal_id: '{proposal3}' },
    body: { reason: 'Proposed by mistake' },
  },
  {
    operation: 'approveProposal',
    by: 'checker',
    params: { proposal_id: '{proposal}' },
    body: { reason: 'As agreed' },
    save: { version: 'version' },
  },
  { operation: 'getRulebook' },
  { operation: 'listVersions' },
  { operation: 'diffVersions', query: { from: 1, to: 2 } },
  reviewFor('review'),
  {
    operation: 'listReviews',
    after: ['transfer'],
    save: { review: 'reviews.0.hold_id' },
  },
  {
    operation: 'approveReview',
    params: { hold_id: '{review}' },
    body: { reason: 'The member was asked' },
  },
  reviewFor('review2'),
  {
    operation: 'listReviews',
    after: ['transfer'],
    save: { review2: 'reviews.0.hold_id' },
  },
  {
    operation: 'rejectReview',
    params: { hold_id: '{review2}' },
    body: { reason: 'The member did not send it' },
  },
];

function depositFor(name: string): Act {
  return {
    operation: 'requestDeposit',
    params: { platform_id: 'platform_b' },
    body: { amount: 100, bank_reference: `HSBC-${name}`, reason: 'Their prefund' },
    save: { [name]: 'request_id' },
  };
}

export const RESERVES: readonly Act[] = [
  depositFor('deposit'),
  {
    operation: 'approveReserveRequest',
    by: 'checker',
    params: { request_id: '{deposit}' },
    body: { reason: 'The bank has confirmed it' },
  },
  depositFor('deposit2'),
  {
    operation: 'rejectReserveRequest',
    by: 'checker',
    params: { request_id: '{deposit2}' },
    body: { reason: 'The bank does not know it' },
  },
  depositFor('deposit3'),
  {
    operation: 'withdrawReserveRequest',
    params: { request_id: '{deposit3}' },
    body: { reason: 'Asked twice' },
  },
  {
    operation: 'requestWithdrawal',
    params: { platform_id: 'platform_b' },
    body: { amount: 10, bank_reference: 'HSBC-out', reason: 'They need less' },
    after: ['requestDeposit', 'approveReserveRequest'],
  },
  {
    operation: 'requestCap',
    params: { platform_id: 'platform_b' },
    body: { amount: 900000, reason: 'Reviewed each year' },
  },
  { operation: 'listReserves' },
  { operation: 'getReserveOfPlatform', params: { platform_id: 'platform_b' } },
  {
    operation: 'setClearingMode',
    params: { platform_id: 'platform_b' },
    body: { mode: 'receive_only', reason: 'While we look at their figures' },
  },
  {
    operation: 'setClearingMode',
    params: { platform_id: 'platform_b' },
    body: { mode: 'both', reason: 'The figures are right' },
    status: 202,
    after: ['setClearingMode'],
    save: { mode: 'request_id' },
  },
  {
    operation: 'approveRequest',
    by: 'checker',
    params: { request_id: '{mode}' },
    body: { reason: 'Agreed' },
  },
  { operation: 'getLiabilityOfAll' },
];
