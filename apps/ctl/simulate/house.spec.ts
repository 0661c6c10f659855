import { describe, expect, it } from 'vitest';

import { builtInDay, House } from './house.js';

const dayOf = (profile = builtInDay()) => {
  const house = new House(profile);
  return Array.from({ length: 2 * 1_440 }, (_, minute) => house.step(minute % 1_440, 60)).slice(
    1_440,
  );
};

describe('a simulated house', () => {
  it('balances in every minute, and its battery stays within what it can', () => {
    for (const { solarW, loadW, evW, batteryW, exportW, stateOfCharge } of dayOf()) {
      expect(solarW + batteryW).toBeCloseTo(loadW + evW + exportW, 6);
      expect(Math.abs(batteryW)).toBeLessThanOrEqual(4_600);
      expect(stateOfCharge).toBeGreaterThanOrEqual(0);
      expect(stateOfCharge).toBeLessThanOrEqual(1);
    }
  });

  it('charges by day, and its car by night until it is full', () => {
    const day = dayOf();
    const states = day.map(({ stateOfCharge }) => stateOfCharge);
    expect(Math.max(...states)).toBeGreaterThan(0.9);
    expect(Math.min(...states)).toBeLessThan(0.2);
    const carWh = day.reduce((sum, { evW }) => sum + evW / 60, 0);
    expect(carWh).toBeGreaterThan(10_000);
    expect(carWh).toBeLessThan(12_000);
    expect(new Set(day.map(({ car }) => car))).toEqual(
      new Set(['UNPLUGGED', 'CHARGING', 'CHARGED']),
    );
  });

  it('sends nothing to the grid in the night', () => {
    const nights = dayOf().filter((_, minute) => minute < 300);
    expect(nights.every(({ solarW, exportW }) => solarW === 0 && exportW <= 1e-9)).toBe(true);
  });

  it('tells when its car begins and ends to charge, and what it took', () => {
    const told = dayOf().flatMap(({ happened }, minute) =>
      happened ? [{ minute, happened }] : [],
    );
    expect(told.map(({ happened: { kind } }) => kind)).toEqual([
      ...['EV_START_CHARGING', 'EV_END_CHARGING'],
    ]);
    const [start, end] = told;
    const { duration, energy } = end?.happened.details as { duration: number; energy: number };
    expect(duration).toBe(((end?.minute ?? 0) - (start?.minute ?? 0)) * 60_000);
    expect(energy / 1_000).toBeCloseTo((3_700 * duration) / 3_600_000, 3);
  });
});
