import type { EventTypes } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';

/** The category of the resource that the tests of the kit declare. */
export type ThingEvent =
  | DomainEvent<'ThingMade', { readonly name: string; readonly code: string | null }>
  | DomainEvent<'ThingChanged', { readonly code?: string | null; readonly amount?: string | null }>;

export const thingTypes: EventTypes<ThingEvent> = {
  category: 'thing',
  events: { ThingMade: true, ThingChanged: true },
};

export const thingStream = (id: string): string => `thing-${id}`;
export const thingIdOf = (stream: string): string => stream.slice('thing-'.length);

export interface Thing {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  /** A decimal. */
  readonly amount: string | null;
}

export const evolveThing = (thing: Thing | null, id: string, event: ThingEvent): Thing | null => {
  if (event.type === 'ThingMade') return { id, ...event.data, amount: null };
  const { code, amount } = event.data;
  return (
    thing && {
      ...thing,
      ...(code !== undefined && { code }),
      ...(amount !== undefined && { amount }),
    }
  );
};
