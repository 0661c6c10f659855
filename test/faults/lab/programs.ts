import { pick } from '#test/support/seeded.js';

const record = { everyS: 20, dV: 0.02, dA: 0.05 };
/** Where two records of a step are further apart its output was off. */
export const longestIntervalS = 3 * record.everyS;
const rest = (timeS: number) => ({ do: 'rest', until: [{ timeS }] });
const cc = (currentA: number, timeS: number) => ({ do: 'cc', currentA, until: [{ timeS }] });

/** Short programs of every kind of step; each leaves the cell about as it found it. */
const programs: readonly object[] = [
  {
    record,
    steps: [{ loop: [cc(2, 400), rest(60), cc(-2, 400), rest(60)], times: 8 }],
  },
  {
    record,
    steps: [
      {
        loop: [
          { do: 'cccv', currentA: 2.6, voltageV: 4.15, until: [{ currentA: 0.3 }] },
          rest(300),
          { do: 'cc', currentA: -2.6, until: [{ capacityAh: 1 }, { voltageV: 3 }] },
          rest(300),
        ],
        times: 2,
      },
    ],
  },
  {
    record,
    steps: [
      rest(30),
      {
        loop: [
          { do: 'cp', powerW: 6, until: [{ energyWh: 0.8 }, { voltageV: 4.18 }] },
          { do: 'cr', resistanceOhm: 3, until: [{ energyWh: 0.8 }, { timeS: 3_000 }] },
          { do: 'cv', voltageV: 3.8, until: [{ timeS: 300 }] },
        ],
        times: 4,
      },
      cc(1, 5),
      cc(-1, 5),
      rest(5),
    ],
  },
];

export const aProgram = (random: () => number): object => pick(random, programs);
