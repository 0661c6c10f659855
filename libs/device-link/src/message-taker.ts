import type { FieldError } from '#kernel/refusal.js';

import type { DownKind, UpKind } from './topics.js';

/** A message in its envelope, of one that is known to have sent it. */
export interface EnvelopedMessage {
  readonly device: string;
  readonly kind: UpKind;
  readonly body: unknown;
}

/** Takes messages of devices beside measurements: another context, for what it knows of them. */
export interface MessageTaker {
  /** Whether it is this one that takes it. */
  takes(message: EnvelopedMessage): boolean;
  /**
   * Resolves when what it says is durable; with what is wrong where it cannot be taken at all. Throws a `Refusal` as
   * `InboxHandler.take` does. Called again with the same message after a crash.
   */
  take(message: EnvelopedMessage): Promise<'accepted' | 'unchanged' | readonly FieldError[]>;
}

/** What sends to devices: the embedded broker, or the connection to another one. */
export interface Downlink {
  publish(device: string, kind: DownKind, body: object, options?: PublishOptions): Promise<void>;
  /** Ends what a device has open; only the embedded broker can. */
  disconnect?(device: string): void;
}

export interface PublishOptions {
  /** The broker keeps it for who subscribes later. */
  readonly retain?: boolean;
  /** 0: whoever is not connected never gets it. 1 unless given. */
  readonly qos?: 0 | 1;
}
