// Problems of settlement, in order of precedence.

import { defineProblems } from '../../kernel/problem.ts';

export const settlementProblems = defineProblems({
  window_not_found: {
    status: 404,
    error: 'Settlement window not found',
    advice: 'GET /operator/windows, or for a platform GET /api/settlements, lists the windows.',
  },
  window_not_open: {
    status: 409,
    error: 'Settlement window not open',
    advice: 'It is closed already; the open window is the one with the highest number.',
  },
  window_not_closed: {
    status: 409,
    error: 'Settlement window not ready',
    advice:
      'Close it first; its statement is ready, and it can be settled, when its pairs have ' +
      'been counted.',
  },
  window_mismatch: {
    status: 409,
    error: 'Settlement window does not add up',
    advice:
      'Its nets and its pairs disagree, so it cannot be settled. This is a defect of Pontis ' +
      'or of its data: run pontis audit, and report it.',
  },
  settlement_state: {
    status: 409,
    error: 'Not possible in this state of the settlement',
    advice:
      'A closed window is proposed by one operator, approved by another, and then paid until ' +
      'it is settled; leaving out, aborting and taking back need a window that is being paid. ' +
      'GET /operator/windows/{window_id} shows its state.',
  },
  settlement_act_not_found: {
    status: 404,
    error: 'Settlement act not found',
    advice: 'Check the act_id; GET /operator/windows/{window_id} lists the acts of a window.',
  },
  settlement_act_decided: {
    status: 409,
    error: 'Settlement act already decided',
    advice: 'An act is decided once; propose it again if it is still needed.',
  },
  settlement_act_open: {
    status: 409,
    error: 'Another act waits for approval',
    advice:
      'Approve or withdraw the act that is open in this window first; GET ' +
      '/operator/windows/{window_id} lists it.',
  },
  not_in_default: {
    status: 409,
    error: 'Not in default',
    advice:
      'Leave out a platform that owes more in this window than it has paid; GET ' +
      '/operator/windows/{window_id} lists what is paid of each obligation.',
  },
  obligation_not_found: {
    status: 404,
    error: 'No such obligation',
    advice:
      'Name participants that owe or are owed something in this window, and a basis that it ' +
      'lists.',
  },
  obligation_paid: {
    status: 409,
    error: 'Obligation already paid',
    advice: 'Leave it out; an obligation is paid only once.',
  },
  bank_reference_missing: {
    status: 400,
    error: 'Missing bank reference',
    advice:
      "A payment outside of the network needs the bank's reference, so that it can be found again.",
  },
  settlement_same_operator: {
    status: 403,
    error: 'Same operator',
    advice: 'The operator who proposed the payment cannot confirm it; another operator has to.',
  },
  invalid_schedule: {
    status: 400,
    error: 'Invalid schedule',
    advice: 'Give daily_at as HH:MM, or every_minutes as 1 to 44640, or neither for none.',
  },
});
