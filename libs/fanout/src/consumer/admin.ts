import type { EventLog, Position } from '#event-log/event-log.js';
import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Publication } from '../fact.js';
import {
  type ConsumerCommand,
  DiscardDeadLetter,
  ResetConsumer,
  RetryDeadLetters,
} from './commands.js';
import { consumerStatus } from './consumer-statuses.js';
import { findDeadLetter } from './dead-letter-list.js';
import { type ConsumerControlState, consumerDecider } from './decider.js';
import type { ConsumerEvent, DeadLetterFacts } from './events.js';
import { assertPlace } from './reset-place.js';

const pageSize = 1_000;

/**
 * How many published facts of `topics` lie after a position of the log: what a reset to it delivers
 * again. Reads the log to its end.
 */
export const countFacts = async (
  log: Pick<EventLog, 'readAll'>,
  publication: Publication,
  topics: readonly string[],
  after: Position | undefined,
): Promise<number> => {
  let count = 0;
  let from = after;
  for (;;) {
    const page = await log.readAll({ limit: pageSize, ...(from && { after: from }) });
    for (const event of page.events) {
      if (publication.mayHold(event, topics)) count += 1;
    }
    if (page.atEnd || !page.next) return count;
    from = page.next;
  }
};

/** What operators ask of consumers: recorded as an event, which the running consumer carries out. */
export class ConsumerAdmin {
  private readonly states: States<ConsumerControlState, ConsumerCommand, ConsumerEvent>;

  constructor(
    private readonly store: ReadStore,
    private readonly log: EventLog,
  ) {
    this.states = new States(log, consumerDecider, 100);
  }

  /**
   * Has facts after `to` delivered again; null: from the start. Needs `meta.reason`. Resolves when that is
   * recorded; a consumer that is down carries it out when it starts.
   *
   * Throws a `Refusal`: `CONSUMER_NOT_FOUND`, `POSITION_INVALID`, `POSITION_AHEAD`, `REASON_MISSING`.
   */
  async reset(name: string, to: string | null, meta: CommandMeta): Promise<CommandResult> {
    await consumerStatus(this.store, name);
    const command = new ResetConsumer({ to }, meta);
    consumerDecider.decide(command, null);
    if (to !== null) await assertPlace(this.log, to, '/to');
    return handleCommand(this.log, this.states, name, command);
  }

  /**
   * Has the dead letter and those of its key handled again, in their order; without an id, all dead
   * letters of the consumer.
   *
   * Throws a `Refusal`: `CONSUMER_NOT_FOUND`, `DEAD_LETTER_NOT_FOUND`.
   */
  async retry(name: string, id: string | undefined, meta: CommandMeta): Promise<CommandResult> {
    await consumerStatus(this.store, name);
    const letter = id === undefined ? null : await this.letter(name, id);
    return handleCommand(this.log, this.states, name, new RetryDeadLetters({ letter }, meta));
  }

  /**
   * Gives a dead letter up for good; those that wait behind it are handled by the next retry. Needs
   * `meta.reason`.
   *
   * Throws a `Refusal`: `CONSUMER_NOT_FOUND`, `DEAD_LETTER_NOT_FOUND`, `REASON_MISSING`.
   */
  async discard(name: string, id: string, meta: CommandMeta): Promise<CommandResult> {
    await consumerStatus(this.store, name);
    const letter = await this.letter(name, id);
    return handleCommand(this.log, this.states, name, new DiscardDeadLetter({ letter }, meta));
  }

  private async letter(name: string, id: string): Promise<DeadLetterFacts> {
    const { topic, key, factId, type, error } = await findDeadLetter(this.store, name, id);
    return { topic, key, factId, type, error };
  }
}
