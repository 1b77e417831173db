// How many persons an operation of operators takes, for the API description: out of the table of
// acts.

import { actsOfOperation, personsSentence } from '../../acts/acts.ts';

/** Each operation that changes something is in the table; one that takes two persons says so. */
export function describePersons(
  operationId: string,
  description: string | undefined,
): string | undefined {
  const sentence = personsSentence(actsOfOperation(operationId));
  return sentence === undefined
    ? description
    : [description, sentence].filter((part) => part !== undefined).join(' ');
}
