// The parts of a conformance check, and questions that several checks ask.

import { isDeepStrictEqual } from 'node:util';

import { createReader, ErrorBody, StepBody } from '../connector-answers.ts';
import { points, type Probe, type Reply } from './probe.ts';
import type { Step } from '../types.ts';

/** Records what is wrong, as a full sentence. */
export type Complain = (sentence: string) => void;

export interface Check {
  readonly name: string;
  /** The requirement. */
  readonly meaning: string;
  /** True when it moves points of the test user. */
  readonly needsUser: boolean;
  run(probe: Probe, complain: Complain): Promise<void>;
}

const readStep = createReader(StepBody);
const readError = createReader(ErrorBody);

/** The move with its article, at the beginning of a sentence. */
export function aMove(kind: 'deduct' | 'add'): string {
  return kind === 'add' ? 'An add' : 'A deduct';
}

/** Does the work and complains when the user's balance does not change by exactly this amount. */
export async function expectMove(
  probe: Probe,
  complain: Complain,
  expectedMinor: bigint,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  const before = await probe.balance();
  await work();
  const movedMinor = (await probe.balance()) - before;
  if (movedMinor !== expectedMinor)
    complain(
      `${what} changed the balance by ${points(movedMinor)} instead of ${points(expectedMinor)}.`,
    );
}

/** 200 with a body that names the transaction. */
export function expectDone(complain: Complain, what: string, reply: Reply, step: Step): void {
  if (reply.status !== 200)
    return complain(`${what} was answered with ${reply.status} instead of 200.`);
  const body = readStep(reply.text);
  if (body === undefined)
    complain(`${what}: the body is not {"success": true, "transaction_id": …}.`);
  else if (body.transaction_id !== step.transactionId)
    complain(`${what}: the answer names another transaction_id.`);
}

/** One of these statuses, with {"error": …}. */
export function expectRefused(
  complain: Complain,
  what: string,
  reply: Reply,
  statuses: readonly number[],
  error?: string,
): void {
  if (!statuses.includes(reply.status))
    return complain(
      `${what} was answered with ${reply.status} instead of ${statuses.join(' or ')}.`,
    );
  const body = readError(reply.text);
  if (body === undefined) complain(`${what}: the body of the ${reply.status} is not {"error": …}.`);
  else if (error !== undefined && body.error !== error)
    complain(`${what}: the error is "${body.error}" instead of "${error}".`);
}

/** Every answer equals the first: status and every field. */
export function expectSame(complain: Complain, what: string, replies: readonly Reply[]): void {
  const [first, ...others] = replies;
  const other = others.find(
    (reply) =>
      first === undefined ||
      reply.status !== first.status ||
      !isDeepStrictEqual(jsonOf(reply), jsonOf(first)),
  );
  if (other !== undefined)
    complain(
      `${what} was answered with ${first?.status} ${first?.text} and then with ` +
        `${other.status} ${other.text}.`,
    );
}

function jsonOf({ text }: Reply): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
