import type { Command, CommandMeta } from '#kernel/command.js';
import type { Role } from '#kernel/event.js';

export class IssueApiKey {
  readonly type = 'IssueApiKey';

  /**
   * The secret's hash stands beside `data`: it is made anew for every attempt, while `data` tells a
   * repeated command from a reused idempotency key.
   */
  constructor(
    readonly data: {
      readonly name: string;
      readonly roles: readonly Role[];
      readonly expiresAt: string | null;
    },
    readonly secretSha256: string,
    readonly meta: CommandMeta,
  ) {}
}

export class RevokeApiKey {
  readonly type = 'RevokeApiKey';

  constructor(
    readonly data: Readonly<Record<string, never>>,
    readonly meta: CommandMeta,
  ) {}
}

export type ApiKeyCommand = (IssueApiKey | RevokeApiKey) & Command;
