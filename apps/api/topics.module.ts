import { type DynamicModule, Module } from '@nestjs/common';

import { contracts } from '#apps/contracts.js';
import { Publication } from '#fanout/fact.js';
import type { KafkaSettings } from '#fanout/kafka.js';
import { KafkaAccess } from '#fanout/topics/kafka-access.js';
import { TopicsController } from '#fanout/topics/topics.http.js';
import { Logger } from '#observability/logging.js';

/** What operators see of the topics; with no brokers, it says that there are none. */
@Module({})
export class TopicsModule {
  static over({ kafka }: { readonly kafka: KafkaSettings | undefined }): DynamicModule {
    return {
      module: TopicsModule,
      controllers: [TopicsController],
      providers: [
        { provide: Publication, useFactory: () => new Publication(contracts) },
        {
          provide: KafkaAccess,
          inject: [Logger],
          useFactory: (logger: Logger) => new KafkaAccess(kafka, logger),
        },
      ],
    };
  }
}
