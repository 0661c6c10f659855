import type { CommandMeta } from '#kernel/command.js';

import type { ManufacturerEvent } from './events.js';

/** A command on one manufacturer. */
abstract class ManufacturerCommand<D extends object> {
  constructor(
    readonly manufacturerId: string,
    readonly data: D,
    readonly meta: CommandMeta,
  ) {}
}

export type CodeRule = Extract<ManufacturerEvent, { type: 'EntityCodeIssued' }>['data']['rule'];

/** A code that somebody names, or the one that follows from the name by rule. */
export type CodeWish =
  /** `asOf`: the date of the list, where it has one. */
  | { readonly rule: 'published'; readonly code: string; readonly asOf?: string }
  | { readonly rule: 'manual'; readonly code: string }
  | { readonly rule: 'derived' };

/** `code` null: the maker stays without one for now. Carried out by `registerManufacturer`. */
export class RegisterManufacturer {
  readonly type = 'RegisterManufacturer';
  constructor(
    readonly manufacturerId: string,
    readonly data: {
      readonly name: string;
      readonly aliases: readonly string[];
      readonly code: CodeWish | null;
    },
    readonly meta: CommandMeta,
    /** The code whose key is claimed; null where none is wished for or none follows. */
    readonly lookedUp?: { readonly code: string | null },
  ) {}
}

export class AddManufacturerAlias extends ManufacturerCommand<{ readonly alias: string }> {
  readonly type = 'AddManufacturerAlias';
}

/** Issues a code, replaces the one that stands, or says it again by a newer list. Carried out by `issueEntityCode`. */
export class IssueEntityCode {
  readonly type = 'IssueEntityCode';
  constructor(
    readonly manufacturerId: string,
    readonly data: CodeWish,
    readonly meta: CommandMeta,
    /** The code whose key is claimed. */
    readonly lookedUp?: { readonly code: string },
  ) {}
}

/** The other side of a merger; sent to `into` before `MergeManufacturer`. */
export class AbsorbManufacturer extends ManufacturerCommand<{ readonly manufacturerId: string }> {
  readonly type = 'AbsorbManufacturer';
}

/** This manufacturer is another name of `into` (an id or a name). Carried out by `mergeManufacturer`. */
export class MergeManufacturer {
  readonly type = 'MergeManufacturer';
  constructor(
    readonly manufacturerId: string,
    readonly data: { readonly into: string },
    readonly meta: CommandMeta,
    /** The id of the manufacturer that answers for `into`. */
    readonly lookedUp?: { readonly into: string },
  ) {}
}

export type ManufacturerCommands =
  | RegisterManufacturer
  | AddManufacturerAlias
  | IssueEntityCode
  | AbsorbManufacturer
  | MergeManufacturer;
