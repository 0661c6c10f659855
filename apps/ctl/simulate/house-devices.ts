import type { HouseMoment } from './house.js';

/** A reading of one simulated device: what its message says of one moment. */
export type Reading = Readonly<Record<string, number | string>>;

export interface SimulatedDevice {
  /** At its site. */
  readonly name: string;
  readonly type: string;
  /** Unit and kind of its series, as they are declared. */
  readonly series: Readonly<Record<string, { unit?: string; kind: string; interpolation: string }>>;
  readonly read: (moment: HouseMoment) => Reading;
  /** It says when a car begins and ends to charge. */
  readonly tellsOfCar?: true;
}

const kilo = (watt: number): number => Number((watt / 1_000).toFixed(4));
const power = { unit: 'kW', kind: 'gauge', interpolation: 'linear' };
const volt = { unit: 'V', kind: 'gauge', interpolation: 'linear' };
const percent = { unit: '%', kind: 'gauge', interpolation: 'linear' };

/** The signs and names are those of the devices that laboratory houses have: generation is positive. */
export const houseDevices: readonly SimulatedDevice[] = [
  {
    name: 'egauge',
    type: 'egauge',
    series: {
      ...{
        'A.Solar': power,
        'A.Load': power,
        'A.EV': power,
        'A.Battery': power,
        'A.GridPower': power,
      },
      ...{ 'A.L1_Voltage': volt, 'A.L2_Voltage': volt },
      'A.L1_Frequency': { unit: 'Hz', kind: 'gauge', interpolation: 'linear' },
    },
    read: ({ solarW, loadW, evW, batteryW, exportW, voltage, frequency }) => ({
      'A.Solar': kilo(solarW),
      'A.Load': -kilo(loadW),
      'A.EV': -kilo(evW),
      'A.Battery': kilo(batteryW),
      'A.GridPower': kilo(exportW),
      'A.L1_Voltage': Number(voltage.toFixed(2)),
      'A.L2_Voltage': Number((voltage - 0.4).toFixed(2)),
      'A.L1_Frequency': Number(frequency.toFixed(3)),
    }),
  },
  {
    name: 'sonnen',
    type: 'sonnen',
    series: {
      'status.Pac_total_W': { unit: 'W', kind: 'gauge', interpolation: 'linear' },
      'battery.battery_status.relativestateofcharge': percent,
    },
    read: ({ batteryW, stateOfCharge }) => ({
      'status.Pac_total_W': Math.round(batteryW),
      'battery.battery_status.relativestateofcharge': Number((stateOfCharge * 100).toFixed(2)),
    }),
  },
  {
    name: 'powerflex',
    type: 'powerflex',
    tellsOfCar: true,
    series: {
      charging_state: { kind: 'text', interpolation: 'hold' },
      power: { unit: 'W', kind: 'gauge', interpolation: 'hold' },
      energy_delivered: { unit: 'Wh', kind: 'total', interpolation: 'linear' },
    },
    read: ({ car, evW, carWh }) => ({
      charging_state: car,
      power: evW,
      energy_delivered: Number(carWh.toFixed(2)),
    }),
  },
];
