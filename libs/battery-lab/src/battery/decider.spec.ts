import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { batteryUnderTest } from '../keys.js';
import { batteryDecider } from './decider.js';
import { type BatteryEvent, batteryEvents } from './events.js';

const given = givenFor(batteryDecider);
const meta = commandMeta();
const {
  BatteryRegistered: registered,
  BatteryRenamed: renamed,
  BatteryLimitsRevised: revised,
  BatteryProductSet: productSet,
  BatteryRetired: retired,
} = exampleEvents(batteryEvents);
const rename = { type: 'RenameBattery', data: renamed.data, meta } as const;
const revise = { type: 'ReviseBatteryLimits', data: revised.data, meta } as const;
const retire = { type: 'RetireBattery', data: {}, meta } as const;

const register = (more: Partial<typeof registered.data> = {}) =>
  ({ type: 'RegisterBattery', data: { ...registered.data, ...more }, meta }) as const;
/** Where what is wrong with the battery is named. */
const wrongIn = (more: Partial<typeof registered.data>): readonly unknown[] =>
  (given().when(register(more)).thenRefused('BATTERY_INVALID').details.errors ?? []).map(
    ({ pointer }) => pointer,
  );

const stack: NonNullable<typeof registered.data.redoxFlow> = {
  ...{ electrodeAreaM2: 0.04, electrode: null, bipolarPlate: 'graphite', membrane: 'nafion' },
  electrolytes: [{ polarity: 'positive', volumeL: 20, flowLPerMin: { min: 0, max: 1 } }],
};

describe('a battery', () => {
  it('is registered once', () => {
    given().when(register()).then(registered);
    given(registered).when(register()).thenRefused('BATTERY_EXISTS');
    given().when(rename).thenRefused('BATTERY_UNKNOWN');
  });

  it('has a chemistry of its technology, and the data of a stack where it is one', () => {
    expect(wrongIn({ chemistry: 'gel' })).toEqual(['/chemistry']);
    expect(wrongIn({ redoxFlow: stack })).toEqual(['/redoxFlow']);
    const flow = { technology: 'redoxFlow', chemistry: 'allVanadium' } as const;
    expect(wrongIn(flow)).toEqual(['/redoxFlow']);
    given()
      .when(register({ ...flow, redoxFlow: stack }))
      .then({ ...registered, data: { ...registered.data, ...flow, redoxFlow: stack } });
    const [side] = stack.electrolytes;
    const electrolytes = [side!, { ...side!, flowLPerMin: { min: 2, max: 1 } }];
    expect(wrongIn({ ...flow, redoxFlow: { ...stack, electrolytes } })).toEqual([
      ...['/redoxFlow/electrolytes', '/redoxFlow/electrolytes/1/flowLPerMin/max'],
    ]);
  });

  it('has limits that begin before they end, and a current of 0 A within them', () => {
    const { limits } = registered.data;
    const voltageV = { min: 3.6, max: 3.6 };
    expect(wrongIn({ limits: { ...limits, voltageV } })).toEqual(['/limits/voltageV/max']);
    const currentA = { min: 1, max: 2 };
    const refused = given(registered)
      .when({ ...revise, data: { limits: { ...limits, currentA } } })
      .thenRefused('BATTERY_INVALID');
    expect(refused.details.errors).toEqual([
      {
        pointer: '/limits/currentA',
        reason: 'expected a range with 0 A in it: negative currents discharge',
      },
    ]);
  });

  it('changes only where something changes', () => {
    given(registered).when(rename).then(renamed);
    given(registered, renamed).when(rename).thenNothing();
    given(registered).when(revise).then(revised);
    given(registered, revised).when(revise).thenNothing();
    const set = { type: 'SetBatteryProduct', data: productSet.data, meta } as const;
    given(registered).when(set).then(productSet);
    given(registered, productSet).when(set).thenNothing();
  });

  it('is retired for good, and holds its serial number until then, however it is written', () => {
    given(registered).when(retire).then(retired);
    given(registered, retired).when(retire).thenNothing();
    given(registered, retired).when(rename).thenRefused('BATTERY_RETIRED');
    const keys = (...events: BatteryEvent[]) =>
      batteryDecider.keys?.(given(...events).state, 'one');
    const other = { ...registered.data, manufacturer: ' a123', serialNumber: 'k2-016' };
    expect(keys({ ...registered, data: other })).toEqual(keys(registered));
    expect(keys(registered)).toHaveLength(1);
    // No experiment can have it any more.
    expect(keys(registered, retired)).toEqual([batteryUnderTest('one')]);
  });
});
