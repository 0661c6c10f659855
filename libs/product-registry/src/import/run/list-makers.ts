import { LRUCache } from 'lru-cache';

import { manufacturerNameKeyOf } from '../../codes.js';
import { ensureManufacturer } from '../../manufacturer/ensure-manufacturer.js';
import { rowMeta, type RunContext } from './row-context.js';

/** Makers of one file that are remembered; a maker that was forgotten is only looked up again. */
const maxMakers = 5_000;

export interface ListedMaker {
  /** This run registered it, so that it has no products but those of this run. */
  readonly isNew: boolean;
}

/**
 * Registers the makers that a list of products names, one after the other in the order of the file:
 * of two whose names yield the same code, the first one in the file gets it.
 */
export class ListMakers {
  private readonly makers = new LRUCache<string, Promise<ListedMaker>>({ max: maxMakers });
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: RunContext) {}

  /** Takes its place in the order at once. */
  announce(name: string, row: number): void {
    const key = manufacturerNameKeyOf(name);
    if (!this.makers.has(key)) this.makers.set(key, this.inTurn(name, row));
  }

  /** Resolves when the maker is registered. A failed attempt is made again by the next caller. */
  async ready(name: string, row: number): Promise<ListedMaker> {
    const key = manufacturerNameKeyOf(name);
    const maker = this.makers.get(key) ?? this.inTurn(name, row);
    this.makers.set(key, maker);
    try {
      return await maker;
    } catch (error) {
      if (this.makers.get(key) === maker) this.makers.delete(key);
      throw error;
    }
  }

  private inTurn(name: string, row: number): Promise<ListedMaker> {
    const { registry, issueCodes } = this.context;
    const code = issueCodes ? ({ rule: 'derived' } as const) : null;
    const maker = this.last.then(async () => {
      // It is registered ahead of its row, which asks for itself.
      await this.context.ensureHeld();
      const meta = rowMeta(this.context, row, '/manufacturer');
      const ensured = await ensureManufacturer(registry, { name, aliases: [], code }, meta);
      return { isNew: ensured.outcome === 'registered' };
    });
    // Whoever waits for it hears of the failure; the next in turn goes on.
    this.last = maker.catch(() => undefined);
    return maker;
  }
}
