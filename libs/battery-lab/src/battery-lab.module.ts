import { Module } from '@nestjs/common';

import { EsdbEventLog } from '#event-log/esdb.js';

import { AlarmController } from './alarm/alarm.http.js';
import { BatteryController } from './battery/battery.http.js';
import { CyclerDeviceController } from './device/cycler-device.http.js';
import { ExperimentController } from './experiment/experiment.http.js';
import { Experiments } from './experiment/experiments.js';
import { ProfileCheckController } from './profile/check.http.js';
import { ProfileController } from './profile/profile.http.js';
import { QueueController } from './queue/queue.http.js';
import { StationController } from './station/station.http.js';
import { Batteries, CyclerDevices, Profiles, Stations, Units } from './things.js';
import { UnitController } from './unit/unit.http.js';

const things = [Batteries, CyclerDevices, Units, Stations, Profiles].map((Things) => ({
  provide: Things,
  inject: [EsdbEventLog],
  useFactory: (log: EsdbEventLog) => new Things(log),
}));

/** The things of a lab. Expects the log, the gateway and `LabLookups` to be provided globally. */
@Module({
  controllers: [
    ...[BatteryController, CyclerDeviceController, UnitController],
    ...[StationController, ProfileController, ProfileCheckController],
    ...[ExperimentController, QueueController, AlarmController],
  ],
  providers: [
    ...things,
    {
      provide: Experiments,
      inject: [EsdbEventLog, Batteries, CyclerDevices, Stations, Profiles],
      useFactory: (
        log: EsdbEventLog,
        batteries: Batteries,
        devices: CyclerDevices,
        stations: Stations,
        profiles: Profiles,
      ) => new Experiments(log, { batteries, devices, stations, profiles }),
    },
  ],
  exports: [...things.map(({ provide }) => provide), Experiments],
})
export class BatteryLabModule {}
