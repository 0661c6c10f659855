import type { Position } from '#event-log/event-log.js';

/** A manufacturer one of whose names looks like another to a person. */
export interface ResemblingManufacturer {
  readonly id: string;
  readonly name: string;
  /** EntityCode. */
  readonly code: string | null;
}

/** A product whose model looks like another one of its manufacturer, or of one that looks like it. */
export interface ResemblingProduct {
  readonly id: string;
  readonly code: string | null;
  readonly model: string;
  readonly manufacturer: { readonly id: string; readonly name: string };
}

/** The manufacturer of a product, as it is known where the product is registered. */
export interface KnownMaker {
  readonly id: string;
  readonly names: readonly string[];
}

/** So many are named at most. */
export const resemblingAtMost = 10;

/**
 * Who looks like somebody that is registered. Asked of the read model, which this library does not know: the
 * API provides it. It is advice, as of a moment ago: two that are registered at the same time do not see each other.
 */
export abstract class LookAlikes {
  abstract manufacturers(names: readonly string[]): Promise<readonly ResemblingManufacturer[]>;
  abstract products(maker: KnownMaker, model: string): Promise<readonly ResemblingProduct[]>;
  /** The ids of products whose model looks like this one, whoever makes them. */
  abstract productsOfModel(model: string): Promise<readonly string[]>;
  /** Whether everything up to `position` is found, after so long at most; `absent`: nobody has begun to gather it. */
  abstract reaches(position: Position, withinMs: number): Promise<'reached' | 'behind' | 'absent'>;
}
