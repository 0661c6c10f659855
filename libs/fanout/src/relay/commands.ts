import type { Command, CommandMeta } from '#kernel/command.js';

type None = Record<string, never>;

export class PauseRelay {
  readonly type = 'PauseRelay';
  readonly data: None = {};

  constructor(readonly meta: CommandMeta) {}
}

export class ResumeRelay {
  readonly type = 'ResumeRelay';
  readonly data: None = {};

  constructor(readonly meta: CommandMeta) {}
}

export class ResetRelayTopic {
  readonly type = 'ResetRelayTopic';

  constructor(
    readonly data: { readonly topic: string },
    readonly meta: CommandMeta,
  ) {}
}

export type RelayCommand = (PauseRelay | ResumeRelay | ResetRelayTopic) & Command;
