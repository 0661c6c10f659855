import type { Bench, BenchDevice } from '#cycling/program/bench.js';

import type { Battery } from '../battery/document.js';
import type { CyclerDevice } from '../device/document.js';
import type { Station } from './document.js';

/** What each role lets a device do, whatever it could do elsewhere. */
const typeIn = {
  power: 'cycler',
  source: 'source',
  load: 'load',
  measurement: 'meter',
} as const satisfies Record<Station['devices'][number]['role'], BenchDevice['type']>;

/** What programs are checked against: a battery at a station, whose devices are given by their ids. */
export const benchOf = (
  { nominalCapacityAh, limits }: Pick<Battery, 'nominalCapacityAh' | 'limits'>,
  { devices, measures }: Pick<Station, 'devices' | 'measures'>,
  known: ReadonlyMap<string, CyclerDevice>,
): Bench => ({
  battery: { nominalCapacityAh, limits },
  devices: devices.flatMap(({ deviceId, role }) => {
    const device = known.get(deviceId);
    if (!device) return [];
    const { manufacturer, model, serialNumber, ranges } = device;
    const given = Object.entries(ranges ?? {}).filter(([, range]) => range !== null);
    return [
      {
        name: `${manufacturer} ${model} ${serialNumber}`,
        type: typeIn[role],
        limits: given.length === 0 ? null : Object.fromEntries(given),
      },
    ];
  }),
  measuresTemperature: measures.some(({ unit }) => unit === 'degC'),
});
