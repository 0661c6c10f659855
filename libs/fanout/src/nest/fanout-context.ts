import { BaseRpcContext } from '@nestjs/microservices';

import type { ConsumerClient } from '../consumer.js';

/** What a handler gets as `@Ctx()` beside its batch. */
export class FanoutContext extends BaseRpcContext<readonly [client: ConsumerClient]> {
  /** Of the transaction that also moves the offset. Refuses statements once the handler has ended. */
  get client(): ConsumerClient {
    return this.args[0];
  }
}
