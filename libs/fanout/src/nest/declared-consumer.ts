import type { Type } from '@nestjs/common';

import type { Consumer, KnownConsumer } from '../consumer.js';

/** A consumer as `projections/consumers.ts` lists it. */
export interface DeclaredConsumer extends KnownConsumer, Pick<Consumer, 'forget'> {
  /** Has one handler for each topic: `@EventPattern(topic, { consumer: name })`. */
  readonly controller: Type;
  /** What its handlers may take for one batch, in milliseconds, where that is not as usual. */
  readonly handlerTimeoutMs?: number;
}
