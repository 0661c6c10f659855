import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { batteryDecider } from './decider.js';
import type { BatteryEvent } from './events.js';
import { proposalOf } from './proposal.js';

type Registered = Extract<BatteryEvent, { type: 'BatteryRegistered' }>['data'];

const productId = 'a3b7f7e2-55cb-5b6d-9f3e-0b7f3a1d2c44';
const decimal = (value: string, unit: string) => ({ value, unit });
const propose = (elements: Readonly<Record<string, { value: unknown; unit?: string }>>) =>
  proposalOf({ id: productId, code: 'A1-X', manufacturer: 'A123', model: 'X', elements });
const pack = {
  BatteryChemistryType: { value: 'LiFePO4' },
  EnergyCapacityNominal: decimal('10.24', 'kWh'),
  VoltageDCNom: decimal('51.2', 'V'),
  VoltageDCMin: decimal('44.8', 'V'),
  VoltageDCMax: decimal('0.0576', 'kV'),
  CurrentDCMax: decimal('100', 'A'),
  TemperatureMinimumOperating: decimal('14', 'F'),
  TemperatureMaximumOperating: decimal('323.15', 'K'),
};
const openOf = (elements: Parameters<typeof propose>[0]) =>
  Object.fromEntries(propose(elements).open.map(({ pointer, reason }) => [pointer, reason]));

describe('what the lab proposes of a product', () => {
  it('is a whole battery where the registry states what it takes, in the units of the lab', () => {
    const { battery, open, sources } = propose(pack);
    expect(open).toEqual([]);
    expect(battery).toEqual({
      ...{ manufacturer: 'A123', model: 'X', technology: 'lithium', chemistry: 'LFP' },
      ...{ nominalCapacityAh: 200, cellsInSeries: 16 },
      limits: {
        voltageV: { min: 44.8, max: 57.6 },
        currentA: { min: -100, max: 100 },
        temperatureC: { min: -10, max: 50 },
      },
    });
    expect(sources).toContainEqual({
      pointer: '/nominalCapacityAh',
      from: ['EnergyCapacityNominal 10.24 kWh', 'VoltageDCNom 51.2 V'],
      how: 'energy divided by voltage',
    });
    expect(sources.map(({ pointer }) => pointer)).toContain('/limits/temperatureC');
  });

  it('says of each value that it lacks why nobody knows it', () => {
    const { VoltageDCNom: _, ...noVoltage } = pack;
    expect(openOf(noVoltage)).toEqual({
      '/nominalCapacityAh': 'the registry does not state VoltageDCNom',
      '/cellsInSeries': 'the registry does not state VoltageDCNom',
    });
    expect(propose(noVoltage).battery).not.toHaveProperty('nominalCapacityAh');
    expect(openOf({ ...pack, VoltageDCMin: { value: null } })).toEqual({
      '/limits/voltageV': 'the registry does not state VoltageDCMin',
    });
    expect(openOf({ ...pack, VoltageDCMin: decimal('60', 'V') })).toEqual({
      '/limits/voltageV': 'the registry states VoltageDCMin 60 V and VoltageDCMax 0.0576 kV',
    });
    expect(Object.keys(openOf({}))).toHaveLength(7);
  });

  it('takes the current from the power where no current is stated', () => {
    const { CurrentDCMax: _, ...noCurrent } = pack;
    expect(openOf(noCurrent)).toHaveProperty(['/limits/currentA']);
    const { battery } = propose({ ...noCurrent, PowerDCContinuousMax: decimal('5.12', 'kW') });
    expect(battery.limits.currentA).toEqual({ min: -100, max: 100 });
  });

  it.each([
    ['LiFePO4', '3.2', 1],
    ['LiFePO4', '48', 15],
    ['LiFePO4', '50', undefined],
    ['LiIon', '51.8', 14],
    ['LiIon', '400', undefined],
    ['LeadAcidGel', '12', 6],
    ['NaS', '2', undefined],
  ])('counts the cells of %s at %s V as %s', (chemistry, voltage, cells) => {
    const { battery } = propose({
      ...{ BatteryChemistryType: { value: chemistry }, VoltageDCNom: decimal(voltage, 'V') },
    });
    expect(battery.cellsInSeries).toBe(cells);
  });

  it.each([
    ['LiFePO4', 'lithium', 'LFP'],
    ['LiIon', 'lithium', undefined],
    ['LeadAcidFlooded', 'leadAcid', 'liquid'],
    ['LeadAcidAGM', 'leadAcid', 'other'],
    ['NiMH', undefined, undefined],
    ['toString', undefined, undefined],
  ])('knows %s as %s, %s', (stated, technology, chemistry) => {
    const { battery } = propose({ BatteryChemistryType: { value: stated } });
    expect([battery.technology, battery.chemistry]).toEqual([technology, chemistry]);
  });

  it('is a battery that can be registered where nothing is open, whatever the registry states', () => {
    const value = (unit: string) =>
      fc
        .integer({ min: 0, max: 100_000 })
        .map((hundredths) => decimal(String(hundredths / 100), unit));
    const any = fc.record({
      BatteryChemistryType: fc.constantFrom({ value: 'LiFePO4' }, { value: 'LeadAcidGel' }),
      EnergyCapacityNominal: value('kWh'),
      VoltageDCNom: fc.nat(50).map((cells) => decimal(String((cells * 32) / 10), 'V')),
      VoltageDCMin: value('V'),
      VoltageDCMax: value('V'),
      PowerDCContinuousMax: value('kW'),
      TemperatureMinimumOperating: value('K'),
      TemperatureMaximumOperating: value('Cel'),
    });
    let registered = 0;
    fc.assert(
      fc.property(any, (elements) => {
        const { battery, open } = propose(elements);
        if (open.length > 0) return;
        registered += 1;
        const own = { name: 'cell', description: '', serialNumber: '1', manufacturedOn: null };
        const data = { ...battery, ...own, redoxFlow: null, productId } as Registered;
        givenFor(batteryDecider)()
          .when({ type: 'RegisterBattery', data, meta: commandMeta() })
          .then({ type: 'BatteryRegistered', data });
      }),
      { numRuns: 1_000 },
    );
    expect(registered).toBeGreaterThan(10);
  });
});
