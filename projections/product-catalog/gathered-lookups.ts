interface Waiting<T> {
  readonly key: string;
  readonly resolve: (found: readonly T[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Looks up keys together: what is asked while a statement runs goes into the next one, so that many callers
 * at once cost few statements, and one alone waits for nobody.
 */
export class GatheredLookups<T> {
  private waiting: Waiting<T>[] = [];
  private isLooking = false;

  /** `find` answers for each of the keys that something was found for. */
  constructor(
    private readonly find: (keys: readonly string[]) => Promise<ReadonlyMap<string, readonly T[]>>,
  ) {}

  of(key: string): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      if (!this.isLooking) void this.look();
    });
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    while (this.waiting.length > 0) {
      const asked = this.waiting;
      this.waiting = [];
      try {
        const found = await this.find([...new Set(asked.map(({ key }) => key))]);
        for (const { key, resolve } of asked) resolve(found.get(key) ?? []);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.isLooking = false;
  }
}
