import type { Command, CommandMeta } from '#kernel/command.js';

import type { ParkedFacts } from './events.js';

export class RetryParked {
  readonly type = 'RetryParked';

  constructor(
    readonly data: ParkedFacts,
    readonly meta: CommandMeta,
  ) {}
}

export class DiscardParked {
  readonly type = 'DiscardParked';

  constructor(
    readonly data: ParkedFacts,
    readonly meta: CommandMeta,
  ) {}
}

export type ParkedEventCommand = (RetryParked | DiscardParked) & Command;
