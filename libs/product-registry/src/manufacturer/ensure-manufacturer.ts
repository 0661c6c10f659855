import { type CommandMeta, stepOf } from '#kernel/command.js';
import { newIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import { manufacturerNameKeyOf } from '../codes.js';
import type { ProductRegistry } from '../registry.js';
import { addManufacturerAlias, issueEntityCode } from './change-manufacturer.js';
import {
  AddManufacturerAlias,
  type CodeWish,
  IssueEntityCode,
  RegisterManufacturer,
} from './commands.js';
import { isListedAnew, type ManufacturerState, newerCodeListThan } from './decider.js';
import { registerManufacturer } from './register-manufacturer.js';
import {
  manufacturerOfCode,
  type ResolvedManufacturer,
  resolveManufacturer,
} from './resolve-manufacturer.js';

/** What a list says of one maker. A code that two makers share makes them one. */
export interface ListedManufacturer {
  readonly name: string;
  readonly aliases: readonly string[];
  /** `published`: the list's code. `derived`: a code by rule where the maker has none. Null: leave it. */
  readonly code: CodeWish | null;
}

export interface EnsuredManufacturer {
  readonly manufacturerId: string;
  readonly outcome: 'registered' | 'changed' | 'unchanged';
  /** The date of the newer list whose code stands, where this older one says another. */
  readonly newer?: string;
}

/**
 * Makes sure that a maker is registered under these names and this code; appends nothing where it is
 * so already. Its commands' ids derive from `meta.commandId`, so a repetition changes nothing, and has
 * the outcome of the first attempt.
 *
 * Throws `MANUFACTURERS_TO_MERGE` (details: `manufacturerIds`) where the names and the code belong to
 * different makers, `LIST_AGAINST_CURATOR` where a person chose another code, and what the single
 * commands throw.
 */
export const ensureManufacturer = async (
  registry: ProductRegistry,
  listed: ListedManufacturer,
  meta: CommandMeta,
): Promise<EnsuredManufacturer> => {
  const known = await knownAs(registry, listed);
  if (!known) {
    const manufacturerId = newIdOf(meta.commandId);
    await registerManufacturer(registry, new RegisterManufacturer(manufacturerId, listed, meta));
    return { manufacturerId, outcome: 'registered' };
  }
  const before = await doneBefore(registry, known, listed, meta);
  // In one append, with every name and the code.
  if (before.isRegistered) return { manufacturerId: known.id, outcome: 'registered' };
  const names = await addMissingNames(registry, known, listed, meta);
  const code = before.isCodeSaid
    ? { isChanged: false }
    : await setCode(registry, known, listed.code, meta);
  const isChanged = before.isChanged || code.isChanged || names.includes(true);
  return {
    manufacturerId: known.id,
    outcome: isChanged ? 'changed' : 'unchanged',
    ...(code.newer !== undefined && { newer: code.newer }),
  };
};

/**
 * What an earlier attempt of the same command did, whose outcome was lost with its process. It may have
 * met a maker that was merged since.
 */
const doneBefore = async (
  { manufacturers }: ProductRegistry,
  { family }: ResolvedManufacturer,
  { name, aliases }: ListedManufacturer,
  meta: CommandMeta,
): Promise<DoneBefore> => {
  const aliasSteps = [name, ...aliases].map((alias) => aliasStep(meta, alias));
  const done = { isRegistered: family.includes(newIdOf(meta.commandId)), isChanged: false };
  let isCodeSaid = false;
  for (const id of family) {
    const { commands } = manufacturers.cached(id) ?? (await manufacturers.refresh(id));
    const isDone = ({ commandId }: CommandMeta) => commands.has(commandId);
    done.isChanged ||= [codeStep(meta), ...aliasSteps].some(isDone);
    isCodeSaid ||= [codeStep(meta), listedStep(meta)].some(isDone);
  }
  return { ...done, isCodeSaid };
};

interface DoneBefore {
  readonly isRegistered: boolean;
  readonly isChanged: boolean;
  /** Whether the code was issued, or said again: what newer lists say since changes no outcome. */
  readonly isCodeSaid: boolean;
}

/** The one maker that the code and the names belong to. */
const knownAs = async (
  registry: ProductRegistry,
  { name, aliases, code }: ListedManufacturer,
): Promise<ResolvedManufacturer | undefined> => {
  const found = await Promise.all([
    code && code.rule !== 'derived' ? manufacturerOfCode(registry, code.code) : undefined,
    ...[name, ...aliases].map((one) => resolveManufacturer(registry, one)),
  ]);
  const byId = new Map(found.flatMap((one) => (one ? [[one.id, one] as const] : [])));
  if (byId.size > 1) throw toMerge([...byId.keys()]);
  return [...byId.values()][0];
};

const missingNames = (
  { state }: ResolvedManufacturer,
  { name, aliases }: ListedManufacturer,
): readonly string[] => {
  const known = [state.name, ...state.aliases].map(manufacturerNameKeyOf);
  const missing = [name, ...aliases].filter((one) => !known.includes(manufacturerNameKeyOf(one)));
  return [...new Map(missing.map((one) => [manufacturerNameKeyOf(one), one])).values()];
};

const addMissingNames = async (
  registry: ProductRegistry,
  known: ResolvedManufacturer,
  listed: ListedManufacturer,
  meta: CommandMeta,
): Promise<readonly boolean[]> => {
  const changed: boolean[] = [];
  for (const alias of missingNames(known, listed)) {
    // A name of a maker that was merged into this one resolves here already.
    if ((await resolveManufacturer(registry, alias))?.id === known.id) continue;
    const command = new AddManufacturerAlias(known.id, { alias }, aliasStep(meta, alias));
    changed.push((await addManufacturerAlias(registry, command)).outcome !== 'unchanged');
  }
  return changed;
};

const setCode = async (
  registry: ProductRegistry,
  known: ResolvedManufacturer,
  wish: CodeWish | null,
  meta: CommandMeta,
): Promise<{ readonly isChanged: boolean; readonly newer?: string | undefined }> => {
  const code = codeToSet(known, wish);
  if (!code) return { isChanged: false, newer: newerThan(known.state, wish) };
  // That a newer list says the same again is no change.
  const isAnew = isListedAnew(code, known.state);
  const step = isAnew ? listedStep(meta) : codeStep(meta);
  const { outcome, state } = await issueEntityCode(
    registry,
    new IssueEntityCode(known.id, code, step),
  );
  return {
    isChanged: !isAnew && outcome !== 'unchanged',
    newer: newerThan(state as ManufacturerState, code),
  };
};

/** The date of the newer list, where this one says another code than the one in force. */
const newerThan = (state: ManufacturerState, wish: CodeWish | null): string | undefined =>
  state.status === 'registered' && wish && wish.rule !== 'derived' && wish.code !== state.code
    ? newerCodeListThan(wish, state)
    : undefined;

const codeToSet = ({ state }: ResolvedManufacturer, wish: CodeWish | null): CodeWish | null => {
  if (!wish || (wish.rule === 'derived' && state.code !== null)) return null;
  if (wish.rule !== 'derived' && wish.code === state.code) {
    return isListedAnew(wish, state) ? wish : null;
  }
  if (newerThan(state, wish) !== undefined) return null;
  if (wish.rule === 'published' && state.codeRule === 'manual') {
    throw new Refusal(
      'LIST_AGAINST_CURATOR',
      'conflict',
      `the list says ${wish.code}; a person chose ${String(state.code)}`,
      { conflicts: [{ path: '/code', listed: wish.code, standing: state.code }] },
    );
  }
  return wish;
};

const aliasStep = (meta: CommandMeta, alias: string): CommandMeta =>
  stepOf(meta, 'alias', manufacturerNameKeyOf(alias));

const codeStep = (meta: CommandMeta): CommandMeta => stepOf(meta, 'code', '');

const listedStep = (meta: CommandMeta): CommandMeta => stepOf(meta, 'listed', '');

const toMerge = (manufacturerIds: readonly string[]) =>
  new Refusal(
    'MANUFACTURERS_TO_MERGE',
    'conflict',
    'the names and the code belong to different manufacturers: merge them first',
    { manufacturerIds },
  );
