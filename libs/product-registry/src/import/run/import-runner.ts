import type { ImportKind } from '../events.js';
import type { ImportWork } from './import-work.js';
import { type ImportRunnerOptions, KindRunner } from './kind-runner.js';
import type { RunTools } from './run-import.js';

const kinds: Readonly<Record<ImportKind, true>> = { products: true, manufacturers: true };

/** Runs imports of every kind: a long list of one does not keep those of the others waiting. */
export class ImportRunner {
  private readonly runners: readonly KindRunner[];

  constructor(
    private readonly tools: RunTools,
    work: ImportWork,
    options: ImportRunnerOptions = {},
  ) {
    this.runners = (Object.keys(kinds) as ImportKind[]).map(
      (kind) => new KindRunner(kind, tools, work, options),
    );
  }

  start(): void {
    this.tools.files.removeLeftovers().catch((error: unknown) => {
      this.tools.logger.warn({ error }, 'leftovers of uploads could not be removed');
    });
    for (const runner of this.runners) runner.start();
  }

  /** There is something new on the list. */
  wake(): void {
    for (const runner of this.runners) runner.wake();
  }

  /** Ends the current runs where they are and gives their leases back: another process goes on with them. */
  async stop(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }
}
