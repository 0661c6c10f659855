import { Refusal } from '#kernel/refusal.js';

/** So many calls at once and so many more that wait, in the order in which they came. */
export class ReadSlots {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
  ) {}

  /** Throws a `Refusal` (`too-many`) where too many wait already. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.running >= this.atOnce) {
      if (this.waiting.length >= this.maxWaiting) throw tooManyUnknownKeys();
      // Who ends passes the slot on, so that nobody gets in between.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running += 1;
    try {
      return await call();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}

const tooManyUnknownKeys = () =>
  new Refusal(
    'TOO_MANY_UNKNOWN_KEYS',
    'too-many',
    'too many keys that this process has not met yet are being looked up',
    { retryAfterSeconds: 1 },
  );
