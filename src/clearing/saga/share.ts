// Combines the queries of many sagas: one round trip, and for writes one wait for the disk, serves
// all that arrived meanwhile.

import type { Bucket } from '../../kernel/ids.ts';

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * One statement for each bucket at a time; questions that arrive while it runs go with the next.
 * `ask` answers in the order of the questions.
 */
export function share<Question, Answer>(
  ask: (bucket: Bucket, questions: readonly Question[]) => Promise<readonly Answer[]>,
): (bucket: Bucket, question: Question) => Promise<Answer> {
  const waiting = new Map<Bucket, Waiting<Question, Answer>[]>();
  const asking = new Set<Bucket>();

  async function askAll(bucket: Bucket): Promise<void> {
    for (let batch = waiting.get(bucket); batch !== undefined; batch = waiting.get(bucket)) {
      waiting.delete(bucket);
      try {
        const answers = await ask(
          bucket,
          batch.map(({ question }) => question),
        );
        batch.forEach(({ settle }, index) => settle(answers[index] as Answer));
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    asking.delete(bucket);
  }

  return (bucket, question) =>
    new Promise((settle, fail) => {
      const batch = waiting.get(bucket);
      if (batch === undefined) waiting.set(bucket, [{ question, settle, fail }]);
      else batch.push({ question, settle, fail });
      if (asking.has(bucket)) return;
      asking.add(bucket);
      setImmediate(() => void askAll(bucket));
    });
}
