import type { Position } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';

import { manufacturerNameKeysOf } from '../codes.js';
import { isId, type ProductRegistry } from '../registry.js';
import {
  entityCodeKey,
  nameKey,
  type RegisteredManufacturer,
  unknownManufacturer,
} from './decider.js';

/** A manufacturer that answers for itself. */
export interface ResolvedManufacturer {
  readonly id: string;
  readonly state: RegisteredManufacturer;
  /** Every manufacturer whose products it answers for, itself first. */
  readonly family: readonly string[];
}

/**
 * The manufacturer of that id or name (without regard to case and spacing), through mergers.
 * Undefined where there is none. Reads only what is not cached.
 */
export const resolveManufacturer = async (
  registry: ProductRegistry,
  idOrName: string,
): Promise<ResolvedManufacturer | undefined> => {
  const named = isId(idOrName) ? idOrName.toLowerCase() : await holderOfName(registry, idOrName);
  return named === undefined ? undefined : answering(registry, named);
};

/** The id of the manufacturer that holds the name itself, in whichever form it was registered. */
export const holderOfName = async (
  registry: ProductRegistry,
  name: string,
): Promise<string | undefined> => {
  for (const form of manufacturerNameKeysOf(name)) {
    const holder = await registry.holderOf(registry.manufacturers, nameKey(form));
    if (holder !== undefined) return holder;
  }
  return undefined;
};

/** The manufacturer that has or had that EntityCode, through mergers. */
export const manufacturerOfCode = async (
  registry: ProductRegistry,
  code: string,
): Promise<ResolvedManufacturer | undefined> => {
  const holder = await registry.holderOf(registry.manufacturers, entityCodeKey(code));
  return holder === undefined ? undefined : answering(registry, holder);
};

/** As `resolveManufacturer`; refuses an unknown one by the field that named it. */
export const requireManufacturer = async (
  registry: ProductRegistry,
  idOrName: string,
  pointer: string,
): Promise<ResolvedManufacturer> => {
  const found = await resolveManufacturer(registry, idOrName);
  if (found) return found;
  throw new Refusal(
    'MANUFACTURER_UNKNOWN',
    'unprocessable',
    `there is no manufacturer "${idOrName}"`,
    { errors: [{ pointer, reason: 'expected the id or a name of a registered manufacturer' }] },
  );
};

/** The state of a manufacturer as cached or read; refuses an unknown one. */
export const manufacturerState = async (
  registry: ProductRegistry,
  id: string,
): Promise<RegisteredManufacturer> => {
  const state = await stateOf(registry, id);
  if (!state) throw unknownManufacturer();
  return state;
};

/**
 * As `resolveManufacturer`, with every manufacturer on the way as it was at `position` of the log or
 * later, or as it is now where none is given: as cached where this process has heard of all up to
 * there, else read to the end of its stream.
 */
export const resolveSince = async (
  registry: ProductRegistry,
  id: string,
  position: Position | undefined,
): Promise<ResolvedManufacturer | undefined> => {
  const isHeard = position !== undefined && (await registry.hasHeard(position));
  return answering(registry, id, isHeard ? stateOf : newestStateOf);
};

type StateOf = (
  registry: ProductRegistry,
  id: string,
) => Promise<RegisteredManufacturer | undefined>;

const stateOf: StateOf = async (registry, id) => {
  const { state } = registry.manufacturers.cached(id) ?? (await registry.manufacturers.refresh(id));
  return state.status === 'registered' ? state : undefined;
};

const newestStateOf: StateOf = async ({ manufacturers }, id) => {
  const { state } = await manufacturers.refresh(id);
  return state.status === 'registered' ? state : undefined;
};

/** Follows mergers. No merger closes a ring; one that stood in the log would end where it began. */
const answering = async (
  registry: ProductRegistry,
  id: string,
  find: StateOf = stateOf,
): Promise<ResolvedManufacturer | undefined> => {
  const passed = new Set<string>();
  let current = id;
  let state = await find(registry, current);
  for (let into = state?.mergedInto; state && into && !passed.has(into); into = state?.mergedInto) {
    passed.add(current);
    current = into;
    state = await find(registry, current);
  }
  return state && { id: current, state, family: await familyOf(registry, current, find) };
};

/** An absorbed manufacturer belongs here once it says so itself: its merger may have been refused. */
const familyOf = async (
  registry: ProductRegistry,
  id: string,
  find: StateOf,
): Promise<readonly string[]> => {
  const family = [id];
  for (const member of family) {
    const absorbed = (await find(registry, member))?.absorbed ?? [];
    for (const one of absorbed.filter((other) => !family.includes(other))) {
      if ((await find(registry, one))?.mergedInto === member) family.push(one);
    }
  }
  return family;
};
