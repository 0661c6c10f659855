import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { unitDecider } from './decider.js';
import { type UnitEvent, unitEvents } from './events.js';

const given = givenFor(unitDecider);
const meta = commandMeta();
const {
  UnitRegistered: registered,
  UnitRenamed: renamed,
  DetectionRequested: requested,
  DevicesDetected: detected,
  UnitRetired: retired,
} = exampleEvents(unitEvents);
const register = { type: 'RegisterUnit', data: registered.data, meta } as const;
const rename = { type: 'RenameUnit', data: renamed.data, meta } as const;
const request = { type: 'RequestDetection', data: requested.data, meta } as const;
const report = { type: 'ReportDetection', data: detected.data, meta } as const;
const retire = { type: 'RetireUnit', data: {}, meta } as const;

describe('a unit', () => {
  it('is registered once, and renamed where the name is another one', () => {
    given().when(register).then(registered);
    given(registered).when(register).thenRefused('UNIT_EXISTS');
    given().when(rename).thenRefused('UNIT_UNKNOWN');
    given(registered).when(rename).then(renamed);
    given(registered, renamed).when(rename).thenNothing();
  });

  it('answers a request for devices once, also with none of them', () => {
    given(registered).when(request).then(requested);
    given(registered, requested).when(request).thenNothing();
    given(registered, requested).when(report).then(detected);
    given(registered, requested, detected).when(report).thenNothing();
    const none = { ...report, data: { ...report.data, devices: [] } };
    const state = given(registered, requested)
      .when(none)
      .then({ ...detected, data: none.data });
    expect(state).toMatchObject({ openDetections: [], detected: { devices: [] } });
  });

  it('answers nothing that it was not asked', () => {
    given(registered).when(report).thenRefused('DETECTION_UNKNOWN');
    const many = Array.from({ length: 20 }, (_, at) => ({
      ...{ ...requested, data: { requestId: String(at) } },
    }));
    given(registered, requested, ...many)
      .when(report)
      .thenRefused('DETECTION_UNKNOWN');
  });

  it('is retired for good, and holds its name until then', () => {
    given(registered).when(retire).then(retired);
    given(registered, retired).when(retire).thenNothing();
    given(registered, retired).when(request).thenRefused('UNIT_RETIRED');
    const keys = (...events: UnitEvent[]) =>
      unitDecider.keys?.(given(...events).state, 'one').map(({ kind }) => kind);
    expect([keys(registered), keys(registered, retired)]).toEqual([['unit-name'], []]);
  });
});
