import { randomUUID } from 'node:crypto';

import { v5 } from 'uuid';

import type { EventLog, Position, StoredEvent } from '#event-log/event-log.js';
import type { EventMetadata } from '#kernel/event.js';
import {
  type ManufacturerEvent,
  manufacturerStream,
} from '#product-registry/manufacturer/events.js';
import {
  type Elements,
  type ElementValue,
  type ProductEvent,
  productStream,
} from '#product-registry/product/events.js';

const namespace = 'b7a9f6de-8f53-4ef2-9f5c-0f0e3a1d7c11';

/** A UUID that a name stands for. */
export const idOf = (name: string): string => v5(name, namespace);

export const decimal = (value: string, unit: string): ElementValue => ({
  state: 'submitted',
  value,
  unit,
});

export const text = (value: string): ElementValue => ({ state: 'submitted', value });

/** Events of a log, told one after the other, as the store would hand them out. */
export class Story {
  readonly events: StoredEvent[] = [];
  private readonly revisions = new Map<string, bigint>();

  product(name: string, event: ProductEvent, metadata?: Partial<EventMetadata>): this {
    return this.add(productStream(idOf(name)), event, metadata);
  }

  manufacturer(name: string, event: ManufacturerEvent): this {
    return this.add(manufacturerStream(idOf(name)), event);
  }

  /** A maker with its name and, where given, its code. */
  maker(name: string, code?: string): this {
    this.manufacturer(name, { type: 'ManufacturerRegistered', data: { name } });
    if (code === undefined) return this;
    const data = { code, previous: null, rule: 'manual' } as const;
    return this.manufacturer(name, { type: 'EntityCodeIssued', data });
  }

  /** A battery of a maker with its code and, where given, its elements. */
  battery(name: string, maker: string, code: string | null, elements?: Elements): this {
    this.product(name, {
      type: 'ProductRegistered',
      data: {
        productType: 'ProdBattery',
        manufacturerId: idOf(maker),
        model: name,
        modelKey: name,
        code,
      },
    });
    return elements ? this.set(name, elements) : this;
  }

  set(name: string, elements: Elements): this {
    return this.product(name, { type: 'ElementsSet', data: { elements } });
  }

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
