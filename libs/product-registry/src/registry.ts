import { DryRunLog } from '#event-log/dry-run-log.js';
import type { EventLog, Position } from '#event-log/event-log.js';
import { keyOwner } from '#event-log/key/claim-key.js';
import { LogCache } from '#event-log/log-cache.js';
import type { LogTail } from '#event-log/log-tail.js';
import { States } from '#event-log/states.js';
import type { Command } from '#kernel/command.js';
import type { Key } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import { keyIdOf } from '#kernel/ids.js';

import type { ManufacturerCommands } from './manufacturer/commands.js';
import { manufacturerDecider, type ManufacturerState } from './manufacturer/decider.js';
import { manufacturerCategory, type ManufacturerEvent } from './manufacturer/events.js';
import type { ProductCommands } from './product/commands.js';
import { productDecider, productNameKind, type ProductState } from './product/decider.js';
import type { ProductEvent } from './product/events.js';

/** Keys whose owner is remembered, where a held one is never given up, so that the answer never changes; and states. */
const cacheSizes = { maxOwners: 20_000, maxStreams: 10_000 };
/** The tail hears of an append about when its answer comes. */
const hearingMs = 100;
const dryRunSizes = { maxOwners: 500, maxStreams: 500 };

/** The write side's state: the log and the folded states of this context. One per process. */
export class ProductRegistry<L extends EventLog = EventLog> {
  readonly products: States<ProductState, ProductCommands, ProductEvent>;
  readonly manufacturers: States<ManufacturerState, ManufacturerCommands, ManufacturerEvent>;
  private readonly owners: LogCache<string>;
  private tail: Pick<LogTail, 'reaches'> | undefined;

  constructor(
    readonly log: L,
    private readonly base?: ProductRegistry,
  ) {
    const { maxOwners, maxStreams } = base ? dryRunSizes : cacheSizes;
    this.owners = new LogCache(log, maxOwners);
    this.products = new States(log, productDecider, maxStreams, base?.products);
    this.manufacturers = new States(log, manufacturerDecider, maxStreams, base?.manufacturers);
  }

  /** What is carried out on it changes nothing here: its log says what it would change. */
  dryRun(): ProductRegistry<DryRunLog> {
    return new ProductRegistry(new DryRunLog(this.log), this);
  }

  /**
   * Forgets cached manufacturers that another process changed. Decisions on products rest on them
   * without reading them again; what slips through is put right by the process that assigns codes. So it does
   * with products that were merged, whose codes lead to others.
   */
  follow(tail: Pick<LogTail, 'onEvent' | 'reaches'>): () => void {
    this.tail = tail;
    return tail.onEvent(({ stream, revision, type }) => {
      const id = stream.slice(stream.indexOf('-') + 1);
      if (type === 'ProductMerged') this.products.hear(id, revision);
      else if (stream.startsWith(`${manufacturerCategory}-`)) this.manufacturers.hear(id, revision);
    });
  }

  /** Whether cached manufacturers are as they were at `position` or later; a moment is waited for it. */
  async hasHeard(position: Position): Promise<boolean> {
    return (await this.tail?.reaches(position, hearingMs)) ?? false;
  }

  /** The id whose state holds the key. Undefined where nobody's does, claimed or not. */
  async holderOf<S, C extends Command, E extends DomainEvent>(
    states: States<S, C, E>,
    key: Key,
  ): Promise<string | undefined> {
    const keyId = keyIdOf(key.kind, key.value);
    const known = this.owners.get(keyId) ?? this.base?.owners.get(keyId);
    if (known !== undefined) return known;
    const owner = await keyOwner(this.log, key);
    if (owner === undefined || !(await holds(states, owner, key))) return undefined;
    if (isKeptForGood(key)) this.owners.set(keyId, owner);
    return owner;
  }
}

/** A product gives up a name that was an error; nothing else is given up by whoever holds it. */
const isKeptForGood = ({ kind }: Key): boolean => kind !== productNameKind;

const holds = async <S, C extends Command, E extends DomainEvent>(
  states: States<S, C, E>,
  id: string,
  key: Key,
): Promise<boolean> => {
  const isHeldBy = (state: S): boolean =>
    (states.decider.keys?.(state, id) ?? []).some(
      ({ kind, value }) => kind === key.kind && value === key.value,
    );
  const cached = isKeptForGood(key) ? states.cached(id) : undefined;
  if (cached && isHeldBy(cached.state)) return true;
  return isHeldBy((await states.refresh(id)).state);
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isId = (text: string): boolean => uuid.test(text);
