import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position } from '#event-log/event-log.js';
import type { PageOf } from '#http/paging.js';
import type { Actor } from '#kernel/event.js';
import { Refusal } from '#kernel/refusal.js';
import { apiKeyNames } from '#projections/api-keys/queries.js';
import { type Moment, resolveMoment } from '#read-store/as-of.js';
import { ReadStore } from '#read-store/read-store.js';
import { recordedTimes } from '#read-store/recorded-times.js';
import { requireVisible } from '#read-store/wait-for-position.js';

import { CatalogHistory } from './catalog-history.js';
import type { HistoryItem, RecordedTimes } from './history.js';
import { productCatalog } from './product-catalog.projection.js';

/** Whose doing it was, by a name too where one is known. */
interface NamedHistoryItem extends HistoryItem {
  readonly actor: Actor & { readonly name?: string };
}

/** What every route of the catalogue needs: the store, the log's own word, and whether it may answer. */
export class CatalogReader {
  readonly history: CatalogHistory;
  readonly recordedTimes: RecordedTimes = (events) => recordedTimes(this.store, this.log, events);

  constructor(
    private readonly store: ReadStore,
    private readonly log: EsdbEventLog,
  ) {
    this.history = new CatalogHistory(log);
  }

  /**
   * The pool, once the tables of this version are there and hold what lies up to `after`.
   *
   * Throws a `Refusal` of kind `unavailable`: `PROJECTION_BUILDING`, `NOT_YET_VISIBLE`.
   */
  async ready(after?: Position): Promise<ReadStore['pool']> {
    await requireVisible(this.store, productCatalog, after);
    return this.store.pool;
  }

  /** A page of a history, with the names of the API keys that changed something. */
  async named(page: PageOf<HistoryItem>): Promise<PageOf<NamedHistoryItem>> {
    const names = await apiKeyNames(this.store.pool, [
      ...new Set(page.items.map(({ actor }) => actor.id)),
    ]);
    const items = page.items.map((item) => {
      const name = names.get(item.actor.id);
      return name === undefined ? item : { ...item, actor: { ...item.actor, name } };
    });
    return { ...page, items };
  }

  /** The position of a moment; throws a `Refusal` (`NOT_REGISTERED_THEN`) where it lies before all events. */
  async positionOf(moment: Moment): Promise<Position> {
    const position = await resolveMoment(this.store, this.log, moment);
    if (!position) throw notRegisteredThen();
    return position;
  }
}

export const catalogReaderProvider = {
  provide: CatalogReader,
  useFactory: (store: ReadStore, log: EsdbEventLog): CatalogReader => new CatalogReader(store, log),
  inject: [ReadStore, EsdbEventLog],
};

export const productUnknown = (): Refusal =>
  new Refusal('PRODUCT_UNKNOWN', 'not-found', 'there is no such product');

export const manufacturerUnknown = (): Refusal =>
  new Refusal('MANUFACTURER_UNKNOWN', 'not-found', 'there is no such manufacturer');

export const notRegisteredThen = (): Refusal =>
  new Refusal('NOT_REGISTERED_THEN', 'not-found', 'this was not registered yet at that moment');
