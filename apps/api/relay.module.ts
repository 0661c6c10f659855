import { Module } from '@nestjs/common';

import { contracts } from '#apps/contracts.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { Publication } from '#fanout/fact.js';
import { RelayController } from '#fanout/relay/relay.http.js';
import { RelayAdmin } from '#fanout/relay/relay-admin.js';

/** What operators see and ask of the relay, which is a process of its own. */
@Module({
  controllers: [RelayController],
  providers: [
    { provide: Publication, useFactory: () => new Publication(contracts) },
    {
      provide: RelayAdmin,
      inject: [EsdbEventLog, Publication],
      useFactory: (log: EsdbEventLog, publication: Publication) => new RelayAdmin(log, publication),
    },
  ],
})
export class RelayModule {}
