import { Module } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';
import { CommandObserver } from '#observability/command-observer.js';

import { ConfigurationController } from './configuration/configuration.http.js';
import { CredentialController } from './credential/credential.http.js';
import { DeviceController } from './device/device.http.js';
import { Devices } from './device/find-device.js';
import { FormulaController } from './formula/formula.http.js';
import { Formulas } from './formula/formulas.js';
import { QuarantineController } from './quarantine/quarantine.http.js';
import { Replays } from './quarantine/replays.js';
import { CorrectSampleController } from './samples/correct-sample.http.js';
import { SamplesController } from './samples/samples.http.js';
import { SamplesIntake } from './samples/samples-intake.js';
import { SeriesController } from './series/series.http.js';
import { Sites } from './site/find-site.js';
import { SiteController } from './site/site.http.js';

/** Sites, devices and what they measure. Expects the log and the observer to be provided globally. */
@Module({
  controllers: [
    ...[SiteController, DeviceController, CredentialController],
    ...[ConfigurationController, SeriesController, SamplesController, FormulaController],
    ...[CorrectSampleController, QuarantineController],
  ],
  providers: [
    {
      provide: SamplesIntake,
      inject: [EsdbEventLog, CommandObserver],
      useFactory: (log: EsdbEventLog, observer: CommandObserver) =>
        new SamplesIntake(log, observer),
    },
    {
      provide: Replays,
      inject: [EsdbEventLog, SamplesIntake],
      useFactory: (log: EsdbEventLog, samples: SamplesIntake) => new Replays(log, samples),
    },
    {
      provide: Devices,
      inject: [EsdbEventLog],
      useFactory: (log: EsdbEventLog) => new Devices(log),
    },
    {
      provide: Formulas,
      inject: [EsdbEventLog],
      useFactory: (log: EsdbEventLog) => new Formulas(log),
    },
    { provide: Sites, inject: [EsdbEventLog], useFactory: (log: EsdbEventLog) => new Sites(log) },
  ],
  exports: [SamplesIntake, Devices],
})
export class TelemetryModule {}
