import fc from 'fast-check';

import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';
import { EventStory, idOf } from '#testing/event-story.js';

import { type ThingEvent, thingStream } from './thing.js';
import { thingsProjection } from './things.projection.js';

/** Events of things. */
export class Things extends EventStory {
  make(name: string, code: string | null = null): this {
    return this.on(name, { type: 'ThingMade', data: { name, code } });
  }

  change(name: string, data: Extract<ThingEvent, { type: 'ThingChanged' }>['data']): this {
    return this.on(name, { type: 'ThingChanged', data });
  }

  private on(name: string, event: ThingEvent): this {
    return this.add(thingStream(idOf(name)), event);
  }
}

/** A database with `count` things, many of which sort alike or have no value to sort by. */
export const manyThings = async (count: number): Promise<ProjectionDatabase> => {
  const many = await ProjectionDatabase.of(thingsProjection);
  const told = new Things();
  const some = fc.record({
    code: fc.constantFrom(null, 'A', 'B'),
    amount: fc.constantFrom(null, '1', '1.0', '2', '10', '-3.5'),
  });
  for (const [index, { code, amount }] of fc.sample(some, count).entries()) {
    const name = `T ${String(index % 7)}/${String(index)}`;
    told.make(name, code && `${code}-${String(index)}`).change(name, { amount });
  }
  await many.apply(told.events, 40);
  return many;
};
