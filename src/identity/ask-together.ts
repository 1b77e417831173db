// Joins the questions of one turn of the event loop into one statement, and the same question asked
// twice into one.

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly answer: PromiseWithResolvers<Answer | undefined>;
}

const MAX_QUESTIONS = 1_000;

/** `ask` answers by the index of the question; what it leaves out is answered with undefined. */
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
