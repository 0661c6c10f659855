import type { Command, CommandMeta } from '#kernel/command.js';

import type { AccessDenialEvent } from './events.js';

type DataOf<T extends AccessDenialEvent['type']> = Extract<AccessDenialEvent, { type: T }>['data'];

export class NoteAccessDenied {
  readonly type = 'NoteAccessDenied';

  constructor(
    readonly data: DataOf<'AccessDenied'>,
    readonly meta: CommandMeta,
  ) {}
}

export class CountAccessDenials {
  readonly type = 'CountAccessDenials';

  constructor(
    readonly data: DataOf<'AccessDenialsCounted'>,
    readonly meta: CommandMeta,
  ) {}
}

export type AccessDenialCommand = (NoteAccessDenied | CountAccessDenials) & Command;
