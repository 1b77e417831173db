// Joins the questions of one turn of the event loop into one statement, and equal questions into
// one.

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly answer: PromiseWithResolvers<Answer | undefined>;
}

const MAX_QUESTIONS = 1_000;

/**
 * Returns a function that asks one question. `ask` gets the questions of one turn, at most 1,000 at
 * a time, and returns answers by the index of the question. A question without an answer resolves
 * to undefined. Questions with the same key share one answer.
 */
export function askTogether<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<ReadonlyMap<number, Answer>>,
): (key: string, question: Question) => Promise<Answer | undefined> {
  let waiting = new Map<string, Waiting<Question, Answer>>();

  async function askAll(asked: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await ask(asked.map(({ question }) => question));
      for (const [index, { answer }] of asked.entries()) answer.resolve(answers.get(index));
    } catch (error) {
      for (const { answer } of asked) answer.reject(error);
    }
  }

  function flush(): void {
    const asked = [...waiting.values()];
    waiting = new Map();
    for (let start = 0; start < asked.length; start += MAX_QUESTIONS)
      void askAll(asked.slice(start, start + MAX_QUESTIONS));
  }

  return (key, question) => {
    const asked = waiting.get(key);
    if (asked !== undefined) return asked.answer.promise;
    if (waiting.size === 0) setImmediate(flush);
    const answer = Promise.withResolvers<Answer | undefined>();
    waiting.set(key, { question, answer });
    return answer.promise;
  };
}
