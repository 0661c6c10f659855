import fc from 'fast-check';
import { expect, it } from 'vitest';

import { LimitWatch } from './limit-watch.js';

const limits = { voltageV: { min: 2, max: 4 }, currentA: { max: 5 } };
const reading = fc.record({
  ...{ dtS: fc.integer({ min: 1, max: 20 }), voltageV: fc.constantFrom(1, 3, 5) },
  currentA: fc.constantFrom(0, 6),
});

it('a limit is broken for as long as no value in between keeps all of them', () => {
  fc.assert(
    fc.property(
      fc.array(reading, { maxLength: 30 }),
      fc.integer({ min: 0, max: 60 }),
      (readings, persistenceS) => {
        const watch = new LimitWatch(limits, persistenceS);
        let [atS, sinceS] = [0, Infinity];
        for (const { dtS, ...values } of readings) {
          atS += dtS / 10;
          const isBroken = values.voltageV !== 3 || values.currentA === 6;
          sinceS = isBroken ? Math.min(sinceS, atS) : Infinity;
          const breach = watch.take(values, atS);
          expect(breach !== undefined).toBe(isBroken && atS - sinceS >= persistenceS - 1e-6);
          expect(watch.isBreached).toBe(isBroken);
          if (breach) expect(breach.lastedS).toBe(atS - sinceS);
        }
      },
    ),
  );
});

it('a quantity that is not measured keeps its limits, and what is no number does not', () => {
  const watch = new LimitWatch(limits, 0);
  expect(watch.take({ currentA: 1 }, 0)).toBeUndefined();
  expect(watch.take({ voltageV: NaN }, 1)).toMatchObject({ quantity: 'voltageV', lastedS: 0 });
});

it('says which limit was broken last, and by what', () => {
  const watch = new LimitWatch(limits, 1);
  expect(watch.take({ voltageV: 5 }, 0)).toBeUndefined();
  expect(watch.take({ voltageV: 3, currentA: 6 }, 1)).toEqual({
    ...{ quantity: 'currentA', bound: 'max', limit: 5, value: 6, lastedS: 1 },
  });
});
