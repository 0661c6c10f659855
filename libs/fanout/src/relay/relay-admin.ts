import type { EventLog } from '#event-log/event-log.js';
import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import type { Publication } from '../fact.js';
import { PauseRelay, type RelayCommand, ResetRelayTopic, ResumeRelay } from './commands.js';
import { relayDecider, type RelayState } from './decider.js';
import { type RelayEvent, relayId } from './events.js';

/** What operators ask of the relay: recorded as an event, which the relay that works carries out. */
export class RelayAdmin {
  private readonly states: States<RelayState, RelayCommand, RelayEvent>;

  constructor(
    private readonly log: EventLog,
    private readonly publication: Publication,
  ) {
    this.states = new States(log, relayDecider, 1);
  }

  /** Needs `meta.reason`. Throws a `Refusal` (`REASON_MISSING`). */
  pause(meta: CommandMeta): Promise<CommandResult> {
    return this.handle(new PauseRelay(meta));
  }

  resume(meta: CommandMeta): Promise<CommandResult> {
    return this.handle(new ResumeRelay(meta));
  }

  /**
   * Has the relay complete the topic from what it holds. Needs `meta.reason`.
   *
   * Throws a `Refusal`: `TOPIC_NOT_FOUND`, `REASON_MISSING`.
   */
  async reset(topic: string, meta: CommandMeta): Promise<CommandResult> {
    const topics = this.publication.contracts.map((contract) => contract.topic);
    if (!topics.includes(topic)) {
      throw new Refusal(
        'TOPIC_NOT_FOUND',
        'not-found',
        `the relay has no topic ${topic}; it has ${topics.join(', ')}`,
      );
    }
    return this.handle(new ResetRelayTopic({ topic }, meta));
  }

  private handle(command: RelayCommand): Promise<CommandResult> {
    return handleCommand(this.log, this.states, relayId, command);
  }
}
