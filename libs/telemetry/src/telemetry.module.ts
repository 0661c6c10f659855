import { Module } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { CommandObserver } from '#observability/command-observer.js';

import { SamplesController } from './samples/samples.http.js';
import { SamplesIntake } from './samples/samples-intake.js';

/** Sites, devices and what they measure. Expects the log and the observer to be provided globally. */
@Module({
  controllers: [SamplesController],
  providers: [
    {
      provide: SamplesIntake,
      inject: [EsdbEventLog, CommandObserver],
      useFactory: (log: EsdbEventLog, observer: CommandObserver) =>
        new SamplesIntake(log, observer),
    },
  ],
  exports: [SamplesIntake],
})
export class TelemetryModule {}
