import type { Bench, BenchDevice } from './bench.js';
import type { Measurement } from './ends.js';
import type { Program } from './program.js';

/** A capacity check, ten cycles and a rest. */
export const cycling: Program = {
  steps: [
    { do: 'rest', until: [{ timeS: 1_800 }] },
    { do: 'cccv', cRate: 0.5, voltageV: 4.2, until: [{ cRate: 0.05 }] },
    { do: 'cc', cRate: -0.1, until: [{ voltageV: 2.5 }], measures: 'capacity' },
    {
      loop: [
        { do: 'cccv', cRate: 0.5, of: 'measured', voltageV: 4.2, until: [{ currentA: 0.05 }] },
        { do: 'rest', until: [{ timeS: 600 }] },
        { do: 'cc', cRate: -1, of: 'measured', until: [{ voltageV: 2.5 }, { timeS: 7_200 }] },
      ],
      times: 10,
    },
    { do: 'rest', until: [{ timeS: 60 }, { temperatureC: 25, is: 'atMost' }] },
  ],
};

/** Every kind of step, jumps, limits and stops. */
export const everything: Program = {
  steps: [
    { label: 'again', do: 'cv', voltageV: 4.1, until: [{ powerW: 0.5 }, { timeS: 60 }] },
    {
      do: 'cp',
      powerW: -5,
      until: [{ capacityAh: 1 }, { energyWh: 2 }],
      record: { everyS: 10, dV: 0.005, dA: 0.05 },
      limits: { voltageV: { min: 2.4 } },
    },
    { do: 'cr', resistanceOhm: 10, until: [{ energyWh: 2 }, { voltageV: 3 }] },
    { goto: 'again', times: 3, when: { cause: 'energy' } },
    {
      do: 'drive',
      quantity: 'current',
      points: [
        [0, 0],
        [1, -2.5],
        [3, 1],
      ],
      interpolation: 'linear',
    },
    { do: 'cc', currentA: 1, until: [{ deltaVoltageV: 0.01 }, { temperatureC: 45 }] },
    { goto: 'end', times: 1, when: { voltageV: 4, is: 'atLeast' } },
    { loop: [{ do: 'rest', until: [{ timeS: 1 }] }], times: 2, cycle: true },
    { label: 'end', do: 'rest', until: [{ timeS: 1 }] },
  ],
  stop: [{ capacityRetention: 0.8 }, { cycles: 500 }, { voltageV: { min: 2, max: 4.3 } }],
  cycle: 'charge',
  record: { everyS: 1 },
  limits: { temperatureC: { min: 0, max: 60 } },
};

/** Values a minute after a charge has begun. */
export const seen: Measurement = {
  ...{ stepTimeS: 60, voltageV: 3.7, currentA: 1, powerW: 3.7, capacityAh: 0.02, energyWh: 0.07 },
  deltaVoltageV: 0,
};

export const cycler: BenchDevice = {
  ...{ name: 'EPC 7', type: 'cycler' },
  limits: { voltageV: { min: 0, max: 6 }, currentA: { min: -15, max: 15 }, powerW: { max: 40 } },
};
export const bench: Bench = {
  battery: {
    nominalCapacityAh: 2,
    limits: {
      voltageV: { min: 2.4, max: 4.25 },
      currentA: { min: -10, max: 4 },
      temperatureC: { min: 0, max: 50 },
    },
  },
  devices: [cycler],
  measuresTemperature: true,
};
