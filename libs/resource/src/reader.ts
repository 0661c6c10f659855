import { LRUCache } from 'lru-cache';

import type { EventLog, Position } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import type { PageOf } from '#http/paging.js';
import type { Moment } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';

import { recordedTimes, resolveMoment } from './event-clock.js';
import { Folds, type Version } from './folds.js';
import { type HistoryPage, historyPage, type KnownItems } from './history.js';
import type { HistoryItemResponse } from './history-response.js';
import { type FoldAt, type Resource, unknownIn } from './resource.js';
import type { Queryable } from './sql.js';

/** The names of those of `ids` that have one. A name never changes. */
export type ActorNames = (
  pool: Queryable,
  ids: readonly string[],
) => Promise<ReadonlyMap<string, string>>;

/** So many are known to have no name, for so long. */
const unnamedAtMost = 10_000;
const unnamedMs = 1_000;

/** What the routes of every resource read from. */
export class ResourceReader {
  readonly folds: Folds;
  private readonly items = new WeakMap<object, KnownItems>();
  private readonly unnamed = new LRUCache<string, true>({ max: unnamedAtMost, ttl: unnamedMs });

  constructor(
    readonly store: ReadStore,
    private readonly log: Pick<EventLog, 'readAll' | 'readStream' | 'head' | 'epoch'>,
    private readonly tail: LogTail,
    private readonly actorNames: ActorNames,
  ) {
    this.folds = new Folds(log, tail);
  }

  /** The last position of the log at a moment; undefined before the first event. Throws as `resolveMoment` does. */
  async positionAt(moment: Moment): Promise<Position | undefined> {
    // The log has what the tail delivered of it.
    if ('position' in moment && this.tail.run && this.tail.has(moment.position)) {
      return moment.position;
    }
    return resolveMoment(this.store, this.log, moment);
  }

  /**
   * The thing as it was. Throws a `Refusal`: what the resource says of an unknown one,
   * `NOT_REGISTERED_THEN`, and what `resolveMoment` throws.
   */
  async itemAsOf<Item>(resource: Resource<Item>, id: string, moment: Moment): Promise<Item> {
    const { history } = resource;
    if (!history?.asOf) throw new Error(`${resource.name} have no past`);
    const position = await this.positionAt(moment);
    if (!position) throw notRegisteredThen();
    const at: FoldAt = (folding, other) => this.folds.at(folding, other, position);
    const version = await at(history.folding, id);
    if (version?.state) return history.asOf({ ...version, state: version.state }, at);
    const now = (await this.folds.versions(history.folding, id)).at(-1);
    throw now?.state ? notRegisteredThen() : unknownIn(resource);
  }

  /** A page of the thing's history, with the names of those who changed it. Throws as `historyPage` does. */
  async history<Item>(
    resource: Resource<Item>,
    id: string,
    page: HistoryPage,
  ): Promise<PageOf<HistoryItemResponse>> {
    const { history } = resource;
    const versions = history ? await this.folds.versions(history.folding, id) : [];
    const state = versions.at(-1)?.state;
    if (!history || !state) throw unknownIn(resource);
    const kin = history.kin?.(state).map(async (one) => ({
      id: one,
      versions: await this.folds.versions(history.folding, one),
    }));
    const context = {
      name: history.folding.streamOf(id),
      recordedTimes: (events: readonly Pick<Version<object>, 'position' | 'created'>[]) =>
        recordedTimes(this.store, this.log, events),
      sourceTexts: history.sourceTexts,
      known: this.itemsOf(history),
    };
    const { items, nextCursor } = await historyPage(
      versions,
      page,
      context,
      kin && (await Promise.all(kin)),
    );
    await this.nameActors(items);
    return { items, nextCursor };
  }

  private itemsOf(history: object): KnownItems {
    const known = this.items.get(history) ?? new WeakMap();
    this.items.set(history, known);
    return known;
  }

  /** A name that is found stays with the item. */
  private async nameActors(items: readonly HistoryItemResponse[]): Promise<void> {
    const nameless = items.filter(
      ({ actor: { id, name } }) => name === undefined && !this.unnamed.has(id),
    );
    if (nameless.length === 0) return;
    const ids = new Set(nameless.map(({ actor }) => actor.id));
    const names = await this.actorNames(this.store.pool, [...ids]);
    for (const { actor } of nameless) {
      const name = names.get(actor.id);
      if (name === undefined) this.unnamed.set(actor.id, true);
      else actor.name = name;
    }
  }
}

const notRegisteredThen = (): Refusal =>
  new Refusal('NOT_REGISTERED_THEN', 'not-found', 'this was not registered yet at that moment');
