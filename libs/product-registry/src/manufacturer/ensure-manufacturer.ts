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
  if (before === 'registered') return { manufacturerId: known.id, outcome: before };
  const changed = [
    before === 'changed',
    ...(await addMissingNames(registry, known, listed, meta)),
    await setCode(registry, known, listed.code, meta),
  ];
  return { manufacturerId: known.id, outcome: changed.includes(true) ? 'changed' : 'unchanged' };
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
): Promise<'registered' | 'changed' | undefined> => {
  if (family.includes(newIdOf(meta.commandId))) return 'registered';
  const steps = [codeStep(meta), ...[name, ...aliases].map((alias) => aliasStep(meta, alias))];
  for (const id of family) {
    const { commands } = manufacturers.cached(id) ?? (await manufacturers.refresh(id));
    if (steps.some(({ commandId }) => commands.has(commandId))) return 'changed';
  }
  return undefined;
};

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
): Promise<boolean> => {
  const code = codeToSet(known, wish);
  if (!code) return false;
  const command = new IssueEntityCode(known.id, code, codeStep(meta));
  return (await issueEntityCode(registry, command)).outcome !== 'unchanged';
};

const codeToSet = ({ state }: ResolvedManufacturer, wish: CodeWish | null): CodeWish | null => {
  if (!wish || (wish.rule === 'derived' && state.code !== null)) return null;
  if (wish.rule !== 'derived' && wish.code === state.code) return null;
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

const toMerge = (manufacturerIds: readonly string[]) =>
  new Refusal(
    'MANUFACTURERS_TO_MERGE',
    'conflict',
    'the names and the code belong to different manufacturers: merge them first',
    { manufacturerIds },
  );
