// onRoute of the routes under /operator: whatever changes something is an act of the table, which says how many persons it takes.

import type { RouteOptions } from 'fastify';
import { actsOfOperation, personsSentence } from '../../acts/acts.ts';
import { assert } from '../../kernel/assert.ts';

const READING = ['GET', 'HEAD', 'OPTIONS'];

export function requireAct({ method, url, schema }: RouteOptions): void {
  if ([method].flat().every((one) => READING.includes(one))) return;
  const operationId = (schema as { readonly operationId?: string } | undefined)?.operationId ?? '';
  assert(actsOfOperation(operationId).length > 0, `${String(method)} ${url} (${operationId}) is in the table of acts`);
}

/** Each operation that changes something is in the table of acts; its description says how many persons it takes. */
export function describePersons(operationId: string, description: string | undefined): string | undefined {
  const sentence = personsSentence(actsOfOperation(operationId));
  return sentence === undefined ? description : [description, sentence].filter((part) => part !== undefined).join(' ');
}
