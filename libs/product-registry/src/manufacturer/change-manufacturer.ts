import {
  type CommandResult,
  concurrentChange,
  handleCommand,
  type HandleOptions,
  settledWithoutAppend,
  staleRevision,
} from '#event-log/handle-command.js';
import { claimKey, KeyTaken } from '#event-log/key/claim-key.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import { stepOf } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';

import { derivedEntityCodeOf, manufacturerNameKeyOf } from '../codes.js';
import type { ProductRegistry } from '../registry.js';
import { claimEntityCode } from './claim-entity-code.js';
import {
  AbsorbManufacturer,
  type AddManufacturerAlias,
  IssueEntityCode,
  MergeManufacturer,
} from './commands.js';
import { manufacturerDecider, manufacturerNameKey } from './decider.js';
import { emptyName } from './register-manufacturer.js';
import { holderOfName, manufacturerState, requireManufacturer } from './resolve-manufacturer.js';

/**
 * Adds a name. Throws `MANUFACTURER_NAME_TAKEN` (details: `manufacturerId`) where it is another
 * manufacturer's: those two are merged, not renamed.
 */
export const addManufacturerAlias = (
  registry: ProductRegistry,
  command: AddManufacturerAlias,
  options: HandleOptions = {},
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { manufacturerId: id, data, meta } = command;
    const { log, manufacturers } = registry;
    if (manufacturerNameKeyOf(data.alias) === '') throw emptyName();
    const settled = await settledWithoutAppend(manufacturers, id, command, options);
    if (settled) return settled;
    const key = manufacturerNameKey(data.alias);
    const holder = await holderOfName(registry, data.alias);
    if (holder !== undefined && holder !== id) throw nameTaken(new KeyTaken(key, holder));
    const claim = await claimKey(log, manufacturers, key, id, meta).catch((error: unknown) => {
      throw error instanceof KeyTaken ? nameTaken(error) : error;
    });
    return handleCommand(log, manufacturers, id, command, { ...options, claims: [claim] });
  });

/** Issues a code or replaces the one that stands. A maker whose name yields none is refused. */
export const issueEntityCode = (
  registry: ProductRegistry,
  command: IssueEntityCode,
  options: HandleOptions = {},
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { manufacturerId: id, data, meta } = command;
    const { log, manufacturers } = registry;
    const { name } = await manufacturerState(registry, id);
    const candidate = data.rule === 'derived' ? derivedEntityCodeOf(name) : data.code;
    if (candidate === null) throw noCode(name);
    const settled = await settledWithoutAppend(
      manufacturers,
      id,
      new IssueEntityCode(id, data, meta, { code: candidate }),
      options,
    );
    if (settled) return settled;
    const claim = await claimEntityCode(registry, id, name, data, meta);
    if (!claim) throw noCode(name);
    const decided = new IssueEntityCode(id, data, meta, { code: claim.value });
    return handleCommand(log, manufacturers, id, decided, { ...options, claims: [claim] });
  });

/**
 * Makes a manufacturer another name of `into`. First `into` says that it answers for it, then it says
 * so itself: until then nothing reads the first half, so a crash in between changes nothing.
 *
 * No mergers at the same time close a ring. The second append holds only where this manufacturer is
 * as it was before the first, and whoever absorbs is not merged and moves on by it: of the mergers in
 * a ring each would have to begin after the next one's first half, all the way around.
 */
export const mergeManufacturer = (
  registry: ProductRegistry,
  command: MergeManufacturer,
  { ifMatch }: HandleOptions = {},
): Promise<CommandResult> =>
  retryForfeited(async () => {
    const { manufacturerId: id, data, meta } = command;
    const { log, manufacturers } = registry;
    const { revision, commands, state } = await manufacturers.refresh(id);
    if (commands.has(meta.commandId))
      return handleCommand(log, manufacturers, id, repeated(command));
    await manufacturerState(registry, id);
    // Refused here, before `into` says anything, where it is refused at all.
    if (ifMatch !== undefined && ifMatch !== revision) throw staleRevision(ifMatch, revision);
    const { id: into } = await requireManufacturer(registry, data.into, '/into');
    const decided = new MergeManufacturer(id, data, meta, { into });
    if (manufacturerDecider.decide(decided, state).length > 0)
      await absorb(registry, into, command, revision);
    return handleCommand(log, manufacturers, id, decided, { ifMatch: revision }).catch(
      (error: unknown) => {
        // Another merger may have been first, and what is cached of `into` as old.
        manufacturers.forget(into);
        throw isStale(error) && ifMatch === undefined ? concurrentChange() : error;
      },
    );
  });

/** A command of its own at each revision of the absorbed one: what was said at another is said again. */
const absorb = async (
  { log, manufacturers }: ProductRegistry,
  into: string,
  { manufacturerId, meta }: MergeManufacturer,
  revision: bigint,
): Promise<void> => {
  const step = stepOf(meta, 'absorb', revision.toString());
  await handleCommand(
    log,
    manufacturers,
    into,
    new AbsorbManufacturer(into, { manufacturerId }, step),
  );
};

const isStale = (error: unknown): boolean => error instanceof Refusal && error.kind === 'stale';

/** Answered from the stream's memory of commands; what was looked up then does not matter. */
const repeated = ({ manufacturerId, data, meta }: MergeManufacturer) =>
  new MergeManufacturer(manufacturerId, data, meta, { into: data.into });

const nameTaken = ({ owner }: KeyTaken) =>
  new Refusal(
    'MANUFACTURER_NAME_TAKEN',
    'conflict',
    'this is the name of another manufacturer: merge the two instead',
    { manufacturerId: owner },
  );

const noCode = (name: string) =>
  new Refusal(
    'NAME_YIELDS_NO_CODE',
    'unprocessable',
    `"${name}" has fewer than two Latin letters or digits: name a code`,
  );
