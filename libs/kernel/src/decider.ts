import type { Command } from './command.js';
import type { DomainEvent } from './event.js';
import type { EventDeclaration } from './event-types.js';

/**
 * The pure core of a stream category.
 *
 * `decide` returns the events that the command leads to, an empty array for "already so", or throws
 * a `Refusal`. `evolve` never throws. Neither sees a clock, a random number or any I/O.
 */
export interface Decider<S, C extends Command, E extends DomainEvent> extends EventTypes<E> {
  /** Every stored type of this category, as `eventTypes` declares it. */
  readonly events: Readonly<Record<E['type'], EventDeclaration>>;
  readonly initialState: S;
  decide(this: void, command: C, state: S): readonly E[];
  evolve(this: void, state: S, event: E): S;
  /**
   * Each event of the category holds the whole of what is decided on: the newest one alone is read, and a
   * repeated command is recognised where it led to that one, or by the state itself.
   */
  readonly newestTellsAll?: true;
  /** The claimed keys that this state of the stream of `id` holds; see `libs/event-log/src/key`. */
  keys?(this: void, state: S, id: string): readonly Key[];
}

/** What reading the events of a category rests on. */
export interface EventTypes<E extends DomainEvent> {
  /** camelCase without a dash: `$by_category` splits at the first dash. */
  readonly category: string;
  /** By name: a type that is not here is not decided on. */
  readonly events: Readonly<Record<E['type'], unknown>>;
  /** Old stored shapes, each rewritten to the newest type and shape. */
  readonly upcasts?: Readonly<Record<string, (data: never) => DomainEvent>>;
}

/** A value that must be unique across streams: a serial number, a product code, a name. */
export interface Key {
  readonly kind: string;
  readonly value: string;
}
