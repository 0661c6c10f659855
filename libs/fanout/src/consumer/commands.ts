import type { Command, CommandMeta } from '#kernel/command.js';

import type { ConsumerReset, DeadLetterDiscarded, DeadLettersRetried } from './events.js';

export class ResetConsumer {
  readonly type = 'ResetConsumer';

  constructor(
    readonly data: ConsumerReset['data'],
    readonly meta: CommandMeta,
  ) {}
}

export class RetryDeadLetters {
  readonly type = 'RetryDeadLetters';

  constructor(
    readonly data: DeadLettersRetried['data'],
    readonly meta: CommandMeta,
  ) {}
}

export class DiscardDeadLetter {
  readonly type = 'DiscardDeadLetter';

  constructor(
    readonly data: DeadLetterDiscarded['data'],
    readonly meta: CommandMeta,
  ) {}
}

export type ConsumerCommand = (ResetConsumer | RetryDeadLetters | DiscardDeadLetter) & Command;
