import { randomUUID } from 'node:crypto';

import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import type { ReadStore } from '#read-store/read-store.js';
import { until } from '#testing/until.js';

import {
  DiscardParkedEvent,
  ResetSubscription,
  RetryParkedEvents,
  type SubscriptionCommand,
} from '../control/commands.js';
import { controlDecider } from '../control/decider.js';
import { factsOf, findParked } from '../parked-list.js';

/** Asks a subscription for something, as an operator does over HTTP. */
export class Operator {
  constructor(
    private readonly store: ReadStore,
    private readonly log: EventLog,
  ) {}

  /** Resolves with the outcome, when a running process has carried the command out. */
  async done(subscription: string, command: SubscriptionCommand, version = 0): Promise<string> {
    const revision = await this.ask(subscription, command);
    let outcome: unknown;
    await until(`${command.type} is carried out`, async () => {
      const { rows } = await this.store.pool.query<{ outcome: string }>(
        `select control_outcome as outcome from subscription.subscription
          where name = $1 and version = $2 and control_revision >= $3`,
        [subscription, version, revision.toString()],
      );
      outcome = rows[0]?.outcome;
      return outcome !== undefined;
    });
    return String(outcome);
  }

  /** Resolves with the revision of the control stream, when it is recorded. */
  async ask(subscription: string, command: SubscriptionCommand): Promise<bigint> {
    const states = new States(this.log, controlDecider);
    const { revision } = await handleCommand(this.log, states, subscription, command);
    return revision;
  }

  async retry(id?: string, subscription?: string): Promise<string> {
    const parked = id === undefined ? null : await findParked(this.store, id);
    const command = new RetryParkedEvents({ parked: parked && factsOf(parked) }, operatorMeta());
    return this.done(
      parked?.subscription ?? subscription ?? '',
      command,
      await this.version(parked?.subscription ?? subscription),
    );
  }

  async discard(id: string, reason = 'given up'): Promise<string> {
    const parked = await findParked(this.store, id);
    const command = new DiscardParkedEvent({ parked: factsOf(parked) }, operatorMeta(reason));
    return this.done(parked.subscription, command, await this.version(parked.subscription));
  }

  reset(subscription: string, to: string | null, reason = 'again'): Promise<bigint> {
    return this.ask(subscription, new ResetSubscription({ to }, operatorMeta(reason)));
  }

  private async version(subscription: string | undefined): Promise<number> {
    const { rows } = await this.store.pool.query<{ version: number }>(
      'select min(version) as version from subscription.subscription where name = $1',
      [subscription],
    );
    return rows[0]?.version ?? 0;
  }
}

export const operatorMeta = (reason = 'repaired'): CommandMeta => ({
  commandId: randomUUID(),
  correlationId: randomUUID(),
  actor: { id: 'operator-1', kind: 'user', roles: ['operator'] },
  source: 'http',
  occurredAt: new Date().toISOString(),
  reason,
});
