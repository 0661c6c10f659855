const roundsPerSystem = 10;

/** What rounds are made on: started once, and removed when they are over. */
export interface RoundSystem {
  remove(): Promise<void>;
}

/**
 * Rounds on a system that serves ten of them: what it holds grows with them, and each round compares all of it. After a
 * failed round the next one begins on a new system.
 */
export class SystemRounds<S extends RoundSystem> {
  private system: S | undefined;
  private rounds = 0;

  constructor(
    private readonly start: () => Promise<S>,
    private readonly round: (system: S, seed: number) => Promise<readonly string[]>,
  ) {}

  /** One round; the seed says which victims and moments. Resolves with what was wrong afterwards. */
  async run(seed: number): Promise<readonly string[]> {
    try {
      const system = (this.system ??= await this.start());
      const faults = await this.round(system, seed);
      this.rounds += 1;
      if (faults.length > 0 || this.rounds >= roundsPerSystem) await this.end();
      return faults;
    } catch (error) {
      await this.end();
      return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
  }

  async end(): Promise<void> {
    const { system } = this;
    this.system = undefined;
    this.rounds = 0;
    await system?.remove();
  }
}
