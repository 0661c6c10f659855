import { randomUUID } from 'node:crypto';

import { v5 } from 'uuid';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import type { EventMetadata } from '#kernel/event.js';

const namespace = 'b7a9f6de-8f53-4ef2-9f5c-0f0e3a1d7c11';

/** A UUID that a name stands for. */
export const idOf = (name: string): string => v5(name, namespace);

/** Events of a log, one after the other, as the store would hand them out. */
export class EventStory {
  readonly events: StoredEvent[] = [];
  private readonly revisions = new Map<string, bigint>();

  add(
    stream: string,
    { type, data }: { readonly type: string; readonly data: object },
    metadata: Partial<EventMetadata> = {},
  ): this {
    const revision = (this.revisions.get(stream) ?? -1n) + 1n;
    this.revisions.set(stream, revision);
    // Uneven, as in a real log.
    const place = BigInt(this.events.length * 7 + 3);
    const at = new Date(1_750_000_000_000 + this.events.length).toISOString();
    this.events.push({
      id: idOf(`${stream} ${String(revision)}`),
      stream,
      revision,
      type,
      data: data as StoredEvent['data'],
      metadata: {
        $correlationId: idOf('correlation'),
        $causationId: idOf('cause'),
        commandId: idOf(`command ${String(place)}`),
        commandHash: 'hash',
        actor: { id: 'key-1', kind: 'apiKey', roles: ['curator'] },
        source: 'http',
        occurredAt: at,
        recordedAt: at,
        ...metadata,
      },
      position: { commit: place, prepare: place },
      created: new Date(at),
    });
    return this;
  }
}

/** Appends the events to a real log, one by one; answers the positions that they got. */
export const appendAll = async (
  log: EventLog,
  events: readonly StoredEvent[],
): Promise<readonly Position[]> => {
  const positions: Position[] = [];
  for (const event of events) {
    const expected = event.revision === 0n ? 'no_stream' : event.revision - 1n;
    // Ids of its own: the same story may be told to one log twice.
    const appended = await log.append(event.stream, [{ ...event, id: randomUUID() }], expected);
    positions.push(appended.position);
  }
  return positions;
};
