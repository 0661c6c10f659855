import type { Command } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import type { Logger } from './logging.js';
import type { CommandOutcome, Metrics } from './metrics.js';

interface Result {
  readonly outcome: 'accepted' | 'unchanged' | 'repeated';
  readonly revision: bigint;
}

/** Says what became of each command: one log line, one count, its time. */
export class CommandObserver {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Runs the command on the thing with this id. A refusal is a decision and logged as such; anything
   * else that is thrown is a failure. Both are thrown on.
   */
  async observe<R extends Result>(command: Command, id: string, run: () => Promise<R>): Promise<R> {
    const stop = this.metrics.commandSeconds.startTimer({ command: command.type });
    const note = (outcome: CommandOutcome, more: object): void => {
      const ms = Math.round(stop() * 1000);
      this.metrics.commands.inc({ command: command.type, outcome });
      const line = { ...fieldsOf(command, id), outcome, ms, ...more };
      if (outcome === 'failed') this.logger.error(line, 'command failed');
      else this.logger.info(line, 'command');
    };
    try {
      const result = await run();
      note(result.outcome, { revision: result.revision.toString() });
      return result;
    } catch (error) {
      if (error instanceof Refusal && error.kind !== 'unavailable') {
        note('refused', { code: error.code });
      } else {
        note('failed', { error });
      }
      throw error;
    }
  }
}

const fieldsOf = ({ type, meta }: Command, id: string): object => ({
  command: type,
  id,
  commandId: meta.commandId,
  correlationId: meta.correlationId,
  actor: meta.actor.id,
  source: meta.source,
});
