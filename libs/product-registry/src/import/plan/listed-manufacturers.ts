import { LRUCache } from 'lru-cache';

import { newIdOf } from '#kernel/ids.js';

import { manufacturerNameKeyOf } from '../../codes.js';
import type { RegisteredManufacturer } from '../../manufacturer/decider.js';
import { ensureManufacturer } from '../../manufacturer/ensure-manufacturer.js';
import { resolveManufacturer } from '../../manufacturer/resolve-manufacturer.js';
import { rowMeta, type RunContext } from './planned-row.js';
import type { SimilarMakers } from './similar-makers.js';

/** Manufacturers of one file that are remembered; one that was forgotten is only looked up again. */
const maxManufacturers = 5_000;

/** Who is named by a row that may register a product. */
export interface MakerOfRow {
  readonly name: string;
  readonly row: number;
  /** Names that the file wrote before and that look like it. */
  readonly earlier: readonly string[];
  /** Whether the row registers a product. It rests on what is registered and on earlier rows, and waits for none of them. */
  readonly isNeeded: () => Promise<boolean>;
}

export interface ListedManufacturer {
  /** This run registered it, so that it has no products but those of this run. */
  readonly isNew: boolean;
  /** Registered for this row although it looks like another one. */
  readonly despite?: {
    readonly row: number;
    readonly similar: Pick<RegisteredManufacturer, 'name' | 'code'>;
  };
}

/** Undefined: it is not registered, and no row up to here needs it. */
type Place = Promise<ListedManufacturer | undefined>;

/**
 * Registers the manufacturers that a list of products names, one after the other in the order of the
 * file: of two whose names yield the same code, the first one in the file gets it. Each is registered for its first
 * row that is about a product of its own; until then each of its rows takes a place in the order.
 */
export class ListedManufacturers {
  private readonly known = new LRUCache<string, { place: Place; isRegistered: boolean }>({
    max: maxManufacturers,
  });
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: RunContext,
    private readonly makers: SimilarMakers,
  ) {}

  /** Takes its place in the order at once. */
  announce(maker: MakerOfRow): void {
    const known = this.known.get(manufacturerNameKeyOf(maker.name));
    if (!known?.isRegistered) void this.inTurn(maker);
  }

  /**
   * Resolves when the manufacturer is registered, or is not needed so far. A failed attempt is made again by
   * the next caller.
   */
  async ready(maker: MakerOfRow): Place {
    const key = manufacturerNameKeyOf(maker.name);
    const { place } = this.known.get(key) ?? { place: this.inTurn(maker) };
    try {
      return await place;
    } catch (error) {
      if (this.known.get(key)?.place === place) this.known.delete(key);
      throw error;
    }
  }

  /** Registers it whatever it looks like. */
  async required(maker: MakerOfRow): Promise<ListedManufacturer> {
    const registered = await this.inTurn({ ...maker, isNeeded: () => Promise.resolve(true) });
    if (!registered) throw new Error('a manufacturer that is needed was not registered');
    return registered;
  }

  private inTurn(maker: MakerOfRow): Place {
    const key = manufacturerNameKeyOf(maker.name);
    const before = this.known.get(key)?.place;
    const place = this.last.then(
      async () => (await before?.catch(() => undefined)) ?? this.register(maker),
    );
    const known = { place, isRegistered: false };
    this.known.set(key, known);
    // Whoever waits for it gets the failure; the next in turn goes on.
    this.last = place.then(
      (registered) => {
        known.isRegistered = registered !== undefined;
      },
      () => undefined,
    );
    return place;
  }

  private async register({ name, row, earlier, isNeeded }: MakerOfRow): Place {
    const { registry, issueCodes, ensureHeld } = this.context;
    // It is registered ahead of its row, which makes sure for itself.
    await ensureHeld();
    const meta = rowMeta(this.context, row, '/manufacturer');
    const known = await resolveManufacturer(registry, name);
    if (!known && !(await isNeeded())) return undefined;
    const isOthers = known && !known.family.includes(newIdOf(meta.commandId));
    const [similar] = isOthers ? [] : await this.makers.of(registry, name, earlier, known);
    const code = issueCodes ? ({ rule: 'derived' } as const) : null;
    const ensured = await ensureManufacturer(registry, { name, aliases: [], code }, meta);
    return {
      isNew: ensured.outcome === 'registered',
      ...(similar && { despite: { row, similar: similar.state } }),
    };
  }
}
