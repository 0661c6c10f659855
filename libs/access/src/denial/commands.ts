import type { Command, CommandMeta } from '#kernel/command.js';

import type { AccessDenialsCounted, AccessDenied } from './events.js';

export class NoteAccessDenied {
  readonly type = 'NoteAccessDenied';

  constructor(
    readonly data: AccessDenied['data'],
    readonly meta: CommandMeta,
  ) {}
}

export class CountAccessDenials {
  readonly type = 'CountAccessDenials';

  constructor(
    readonly data: AccessDenialsCounted['data'],
    readonly meta: CommandMeta,
  ) {}
}

export type AccessDenialCommand = (NoteAccessDenied | CountAccessDenials) & Command;
