import { Module } from '@nestjs/common';

import { contracts } from '#apps/contracts.js';
import { Publication } from '#fanout/fact.js';
import { RelayController } from '#fanout/relay/relay.http.js';

/** What operators see and ask of the relay, which is a process of its own. */
@Module({
  controllers: [RelayController],
  providers: [{ provide: Publication, useFactory: () => new Publication(contracts) }],
})
export class RelayModule {}
