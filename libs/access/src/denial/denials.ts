import { randomUUID } from 'node:crypto';

import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import type { Actor } from '#kernel/event.js';
import { contentIdOf } from '#kernel/ids.js';
import type { Logger } from '#observability/logging.js';

import { type AccessDenialCommand, accessDenialDecider } from './decider.js';
import { accessDenialId } from './events.js';

export interface Denial {
  readonly actor: Actor;
  /** Method and route template. */
  readonly route: string;
  readonly permission: string;
  readonly correlationId: string;
}

interface Counter {
  readonly denial: Denial;
  readonly hour: string;
  count: number;
  noted: boolean;
}

const sweepMs = 60_000;
/** Only principals with an accepted key are counted, so this bounds an accident, not an attack. */
const maxTallies = 10_000;

/** yyyymmddhh in UTC. */
export const hourOf = (time: Date): string => time.toISOString().slice(0, 13).replace(/\D/g, '');

/**
 * Keeps who was refused where: one event at the first refusal of a principal on a route in an hour,
 * and one with the count when the hour is over or the process ends. Requests in between only count.
 */
export class Denials {
  private readonly counters = new Map<string, Counter>();
  private readonly states;
  private readonly process = randomUUID();
  private readonly timer: NodeJS.Timeout;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly log: EventLog,
    private readonly logger: Logger,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.states = new States(log, accessDenialDecider, 1_000);
    this.timer = setInterval(() => void this.sweep(), sweepMs).unref();
  }

  /** Returns at once: a refusal does not wait for the log. */
  note(denial: Denial): void {
    const hour = hourOf(this.now());
    const key = `${denial.actor.id} ${hour} ${denial.route}`;
    const known = this.counters.get(key);
    if (known) {
      known.count += 1;
      return;
    }
    if (this.counters.size >= maxTallies) void this.sweep(true);
    const counter: Counter = { denial, hour, count: 1, noted: false };
    this.counters.set(key, counter);
    this.queue(() => this.append(counter));
  }

  /** Writes what is due: the counts of hours that are over, and first refusals that failed before. */
  async sweep(all = false): Promise<void> {
    const current = hourOf(this.now());
    for (const [key, counter] of this.counters) {
      if (!counter.noted) this.queue(() => this.append(counter));
      if (!all && counter.hour === current) continue;
      this.counters.delete(key);
      if (counter.count > 1) this.queue(() => this.appendCount(counter));
    }
    await this.last;
  }

  /** Writes every count; call it before the log is closed. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sweep(true);
  }

  /** One append at a time: those of one principal share a stream. */
  private queue(append: () => Promise<void>): void {
    this.last = this.last.then(append).catch((error: unknown) => {
      this.logger.error({ error }, 'an access denial could not be recorded');
    });
  }

  private async append(counter: Counter): Promise<void> {
    if (counter.noted) return;
    const { denial, hour } = counter;
    const { route, permission } = denial;
    const commandId = contentIdOf('access-denied', denial.actor.id, route, hour);
    const meta = this.metaOf(denial, commandId);
    const data = { route, permission, hour };
    await this.handle(counter, { type: 'NoteAccessDenied', data, meta });
    counter.noted = true;
  }

  private async appendCount(counter: Counter): Promise<void> {
    const { denial, hour, count } = counter;
    const { route, actor } = denial;
    const commandId = contentIdOf('access-denials', this.process, actor.id, route, hour);
    const meta = this.metaOf(denial, commandId);
    const data = { route, hour, count };
    await this.handle(counter, { type: 'CountAccessDenials', data, meta });
  }

  private async handle({ denial, hour }: Counter, command: AccessDenialCommand): Promise<void> {
    await handleCommand(this.log, this.states, accessDenialId(denial.actor.id, hour), command);
  }

  private metaOf({ actor, correlationId }: Denial, commandId: string): CommandMeta {
    const occurredAt = this.now().toISOString();
    return { commandId, actor, source: 'http', occurredAt, correlationId };
  }
}
