import { Refusal } from '#kernel/refusal.js';

import type { Consumer } from '../consumer.js';

/** What operators should know of a consumer before they reset it. */
export interface KnownConsumer extends Pick<Consumer, 'name' | 'topics'> {
  /** What a reset undoes, for people; null where it undoes nothing. */
  readonly forgets: string | null;
  /** Why it can be reset to the start only; null where any position will do. */
  readonly startOnly: string | null;
}

/** The consumers of this version of the code, as one thing that can be injected. */
export class KnownConsumers {
  constructor(readonly all: readonly KnownConsumer[]) {}

  find(name: string): KnownConsumer | undefined {
    return this.all.find((consumer) => consumer.name === name);
  }
}

/** Throws a `Refusal` (`RESET_FROM_START_ONLY`) where the consumer cannot be reset to a position. */
export const assertResetsTo = (
  { name, startOnly }: Pick<KnownConsumer, 'name' | 'startOnly'>,
  to: string,
): void => {
  if (startOnly === null || to === 'start') return;
  throw new Refusal(
    'RESET_FROM_START_ONLY',
    'conflict',
    `${name} can be reset to the start only (--to start): ${startOnly}`,
  );
};
