/** Answers questions that are asked in one moment with one statement. */
export class Together<Q, A> {
  private asked: Asked<Q, A>[] = [];

  /** `ask` answers in the order of the questions. */
  constructor(private readonly ask: (questions: readonly Q[]) => Promise<readonly A[]>) {}

  /** Rejects with what `ask` rejects with, as do all that were asked together. */
  of(question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      this.asked.push({ question, resolve, reject });
      if (this.asked.length === 1) setImmediate(() => void this.answer());
    });
  }

  private async answer(): Promise<void> {
    const asked = this.asked;
    this.asked = [];
    try {
      const answers = await this.ask(asked.map(({ question }) => question));
      for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as A);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}

interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}
