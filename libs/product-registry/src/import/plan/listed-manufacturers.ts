import { LRUCache } from 'lru-cache';

import { manufacturerNameKeyOf } from '../../codes.js';
import { ensureManufacturer } from '../../manufacturer/ensure-manufacturer.js';
import { rowMeta, type RunContext } from './planned-row.js';

/** Manufacturers of one file that are remembered; one that was forgotten is only looked up again. */
const maxManufacturers = 5_000;

interface ListedManufacturer {
  /** This run registered it, so that it has no products but those of this run. */
  readonly isNew: boolean;
}

/**
 * Registers the manufacturers that a list of products names, one after the other in the order of the
 * file: of two whose names yield the same code, the first one in the file gets it.
 */
export class ListedManufacturers {
  private readonly known = new LRUCache<string, Promise<ListedManufacturer>>({
    max: maxManufacturers,
  });
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: RunContext) {}

  /** Takes its place in the order at once. */
  announce(name: string, row: number): void {
    const key = manufacturerNameKeyOf(name);
    if (!this.known.has(key)) this.known.set(key, this.inTurn(name, row));
  }

  /** Resolves when the manufacturer is registered. A failed attempt is made again by the next caller. */
  async ready(name: string, row: number): Promise<ListedManufacturer> {
    const key = manufacturerNameKeyOf(name);
    const manufacturer = this.known.get(key) ?? this.inTurn(name, row);
    this.known.set(key, manufacturer);
    try {
      return await manufacturer;
    } catch (error) {
      if (this.known.get(key) === manufacturer) this.known.delete(key);
      throw error;
    }
  }

  private inTurn(name: string, row: number): Promise<ListedManufacturer> {
    const { registry, issueCodes, ensureHeld } = this.context;
    const code = issueCodes ? ({ rule: 'derived' } as const) : null;
    const manufacturer = this.last.then(async () => {
      // It is registered ahead of its row, which makes sure for itself.
      await ensureHeld();
      const meta = rowMeta(this.context, row, '/manufacturer');
      const ensured = await ensureManufacturer(registry, { name, aliases: [], code }, meta);
      return { isNew: ensured.outcome === 'registered' };
    });
    // Whoever waits for it gets the failure; the next in turn goes on.
    this.last = manufacturer.catch(() => undefined);
    return manufacturer;
  }
}
