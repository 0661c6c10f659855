import { Module } from '@nestjs/common';

import { contracts } from '#apps/contracts.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { ConsumerAdmin } from '#fanout/consumer/admin.js';
import { ConsumersController } from '#fanout/consumer/consumers.http.js';
import { DeadLettersController } from '#fanout/consumer/dead-letters.http.js';
import { KnownConsumers } from '#fanout/consumer/known-consumers.js';
import { Publication } from '#fanout/fact.js';
import { consumers } from '#projections/consumers.js';
import { ReadStore } from '#read-store/read-store.js';

/** What operators see and ask of the consumers of published facts. */
@Module({
  controllers: [ConsumersController, DeadLettersController],
  providers: [
    { provide: Publication, useFactory: () => new Publication(contracts) },
    { provide: KnownConsumers, useFactory: () => new KnownConsumers(consumers) },
    {
      provide: ConsumerAdmin,
      inject: [ReadStore, EsdbEventLog],
      useFactory: (store: ReadStore, log: EsdbEventLog) => new ConsumerAdmin(store, log),
    },
  ],
})
export class ConsumersModule {}
