import { formatPosition } from '#event-log/position.js';
import { manufacturerDecider } from '#product-registry/manufacturer/decider.js';
import {
  type ManufacturerEvent,
  manufacturerStream,
} from '#product-registry/manufacturer/events.js';
import type { Folding } from '#resource/folds.js';
import type { Existing, FoldAt } from '#resource/resource.js';

import { evolveManufacturer, type ManufacturerState } from './manufacturer-state.js';
import type { ManufacturerResponse } from './manufacturers.http.js';

const mergersAtMost = 100;

export const manufacturerFolding: Folding<ManufacturerState, ManufacturerEvent> = {
  streamOf: manufacturerStream,
  types: manufacturerDecider,
  evolve: evolveManufacturer,
};

/** The manufacturer that answered for it at a position, with those that had been merged into that one. */
export const manufacturerAsOf = async (
  registered: Existing<ManufacturerState>,
  at: FoldAt,
): Promise<ManufacturerResponse> => {
  const { state, revision, position } = await followed(registered, at);
  const kin = await kinAt(state, at);
  const names = kin.flatMap(({ name, aliases }) => [name, ...aliases]).sort();
  return {
    id: state.id,
    name: state.name,
    code: state.code,
    formerCodes: state.codes.filter((code) => code !== state.code),
    aliases: [...new Set([...state.aliases, ...names])],
    merged: kin.map((one) => one.id).sort(),
    products: null,
    revision: Number(revision),
    position: formatPosition(position),
  };
};

/** The manufacturer that answered for that id; undefined before it was registered. */
export const answeringAt = async (
  id: string,
  at: FoldAt,
): Promise<ManufacturerState | undefined> => {
  const version = await existingAt(id, at);
  return version && (await followed(version, at)).state;
};

const existingAt = async (
  id: string,
  at: FoldAt,
): Promise<Existing<ManufacturerState> | undefined> => {
  const version = await at(manufacturerFolding, id);
  return version?.state ? { ...version, state: version.state } : undefined;
};

/** Follows the mergers that had happened by then. Two that met could have closed a ring: it ends. */
const followed = async (
  registered: Existing<ManufacturerState>,
  at: FoldAt,
): Promise<Existing<ManufacturerState>> => {
  let version = registered;
  for (let steps = 0; steps < mergersAtMost; steps += 1) {
    const into = version.state.mergedInto;
    const next = into === null ? undefined : await existingAt(into, at);
    if (!next) break;
    version = next;
  }
  return version;
};

/** Those that had been merged into it by then, directly or not. */
const kinAt = async (
  state: ManufacturerState,
  at: FoldAt,
): Promise<readonly ManufacturerState[]> => {
  const family = [state];
  const seen = new Set([state.id]);
  // The list grows while it is walked: what a member absorbed belongs to the family too.
  for (const member of family) {
    for (const id of member.absorbed.filter((one) => !seen.has(one))) {
      seen.add(id);
      const kin = (await existingAt(id, at))?.state;
      // The merged one's own word comes a moment after its taker's, and only with it they are one.
      if (kin?.mergedInto === member.id) family.push(kin);
    }
  }
  return family.slice(1);
};
