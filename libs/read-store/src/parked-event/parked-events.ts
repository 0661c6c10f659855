import type { EventLog } from '#event-log/event-log.js';
import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { positionOf, type PositionRow } from '../builds.js';
import type { ReadStore } from '../read-store.js';
import { placeRequest, type Request } from '../requests.js';
import { DiscardParked, type ParkedEventCommand, RetryParked } from './commands.js';
import { parkedEventDecider, type ParkedEventState } from './decider.js';
import type { ParkedEventEvent, ParkedFacts } from './events.js';

export interface ParkedEvent {
  /** 64-bit, hence text. */
  readonly id: string;
  readonly projection: string;
  /** Whether queries read the build that it is parked in; else it is a build beside. */
  readonly active: boolean;
  readonly stream: string;
  readonly revision: string;
  readonly eventId: string;
  readonly type: string;
  readonly position: string;
  readonly attempts: number;
  /** Null for an event that waits behind an earlier one of its stream. */
  readonly error: string | null;
  readonly parkedAt: Date;
}

interface ParkedRow extends PositionRow, Omit<ParkedEvent, 'position'> {}

const columns = `p.id, p.projection, b.active, p.stream, p.revision::text as revision,
  p.event_id as "eventId", p.type, p.commit_position, p.prepare_position, p.attempts, p.error,
  p.parked_at as "parkedAt"`;

export interface ParkedQuery {
  readonly projection?: string | undefined;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Parked events, oldest first. */
export const listParked = async (
  store: ReadStore,
  { projection, after, limit }: ParkedQuery,
): Promise<ParkedEvent[]> => {
  const { rows } = await store.pool.query<ParkedRow>(
    `select ${columns}
       from read_store.parked p join read_store.build b using (projection, build)
      where ($1::text is null or p.projection = $1) and p.id > $2
      order by p.id limit $3`,
    [projection ?? null, after ?? '0', limit],
  );
  return rows.map(shown);
};

/** Throws a `Refusal` (`PARKED_NOT_FOUND`). */
export const findParked = async (store: ReadStore, id: string): Promise<ParkedEvent> => {
  const { rows } = await store.pool.query<ParkedRow>(
    `select ${columns}
       from read_store.parked p join read_store.build b using (projection, build)
      where p.id = $1`,
    [id],
  );
  const [row] = rows;
  if (row) return shown(row);
  throw new Refusal('PARKED_NOT_FOUND', 'not-found', `no event is parked with id ${id}`);
};

const shown = (row: ParkedRow): ParkedEvent => {
  const { commit_position: _, prepare_position: __, ...rest } = row;
  return { ...rest, position: positionOf(row)?.commit.toString() ?? '0' };
};

/** What operators do about parked events: recorded as an event first, then asked of the runner. */
export class ParkedEvents {
  readonly states: States<ParkedEventState, ParkedEventCommand, ParkedEventEvent>;

  constructor(
    private readonly store: ReadStore,
    private readonly log: EventLog,
  ) {
    this.states = new States(log, parkedEventDecider, 100);
  }

  /** Asks the runner to apply the event and those that wait behind it, in order. */
  requestRetry(id: string, meta: CommandMeta): Promise<CommandResult> {
    return this.request(id, 'retry', (facts) => new RetryParked(facts, meta));
  }

  /** Gives the event up; those that wait behind it are tried. Needs `meta.reason`. */
  discard(id: string, meta: CommandMeta): Promise<CommandResult> {
    return this.request(id, 'discard', (facts) => new DiscardParked(facts, meta));
  }

  /** The request has the command's id: sent again after a crash in between, it is placed once. */
  private async request(
    id: string,
    kind: Request['kind'],
    commandOf: (facts: ParkedFacts) => ParkedEventCommand,
  ): Promise<CommandResult> {
    const parked = await findParked(this.store, id);
    const { eventId, stream, revision, type: eventType, error, projection } = parked;
    const command = commandOf({ eventId, stream, revision, eventType, error });
    const result = await handleCommand(this.log, this.states, projection, command);
    await placeRequest(this.store, {
      id: command.meta.commandId,
      projection,
      kind,
      version: null,
      parkedId: id,
      reason: command.meta.reason ?? null,
      requestedBy: command.meta.actor.id,
    });
    return result;
  }
}
