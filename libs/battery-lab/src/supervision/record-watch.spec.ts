import { describe, expect, it } from 'vitest';

import { RecordWatch } from './record-watch.js';

const limits = {
  voltageV: { min: 2.5, max: 4.25 },
  currentA: { min: -5, max: 3 },
  temperatureC: { min: 0, max: 55 },
  persistenceS: 1,
};

const records = (rows: readonly (readonly [t: number, v: number, i?: number, c?: number])[]) => ({
  testTimeS: rows.map(([t]) => t),
  voltageV: rows.map(([, v]) => v),
  currentA: rows.map(([, , i = 0]) => i),
  temperatureC: rows.map(([, , , c = 25]) => c),
});

describe('the limits that the server watches', () => {
  it('may be exceeded for as long as they persist, and not longer', () => {
    const watch = new RecordWatch(limits);
    expect(
      watch.take(
        records([
          [0, 4.3],
          [0.9, 4.3],
        ]),
      ),
    ).toBeUndefined();
    expect(watch.take(records([[1, 4.31]]))).toEqual({
      interlock: 'voltage',
      message: 'the voltage was 4.31 V after 1 s; expected at most 4.25 V',
      testTimeS: 1,
    });
  });

  it('begin anew where the value was within them in between', () => {
    const watch = new RecordWatch(limits);
    expect(
      watch.take(
        records([
          [0, 4.3],
          [0.5, 4.2],
          [1.2, 4.3],
        ]),
      ),
    ).toBeUndefined();
    expect(watch.take(records([[2.3, 4.3]]))?.interlock).toBe('voltage');
  });

  it.each([
    [
      'an under-voltage',
      [
        [0, 2.4],
        [1, 2.4],
      ],
      'voltage',
    ],
    [
      'an over-current of a charge',
      [
        [0, 4, 3.1],
        [1, 4, 3.1],
      ],
      'current',
    ],
    [
      'an over-current of a discharge',
      [
        [0, 4, -5.1],
        [1, 4, -5.1],
      ],
      'current',
    ],
    [
      'heat',
      [
        [0, 4, 0, 56],
        [1, 4, 0, 56],
      ],
      'temperature',
    ],
  ] as const)('see %s', (_, rows, interlock) => {
    expect(new RecordWatch(limits).take(records(rows))?.interlock).toBe(interlock);
  });

  it('say nothing of what is not limited', () => {
    const rows = [
      [0, 4, 0, 90],
      [5, 4, 0, 90],
    ] as const;
    const watch = new RecordWatch({ ...limits, temperatureC: null });
    expect(watch.take(records(rows))).toBeUndefined();
  });

  it('say nothing of records from before a test time', () => {
    const watch = new RecordWatch({ ...limits, persistenceS: 0 }, 10);
    expect(watch.take(records([[10, 4.3]]))).toBeUndefined();
    expect(watch.take(records([[10.5, 4.3]]))).toMatchObject({ testTimeS: 10.5 });
  });

  it('trip at once where nothing persists', () => {
    const watch = new RecordWatch({ ...limits, persistenceS: 0 });
    expect(watch.take(records([[0, 4.3]]))?.interlock).toBe('voltage');
  });

  it('are not kept where nothing is measured, unless there is none of it', () => {
    const unmeasured = { ...records([[0, 3.6]]), temperatureC: [null] };
    const later = { ...records([[1, 3.6]]), temperatureC: [null] };
    const watch = new RecordWatch(limits);
    expect(watch.take(unmeasured)).toBeUndefined();
    expect(watch.take(later)).toEqual({
      interlock: 'temperature',
      message: 'the temperature was not measured for 1 s',
      testTimeS: 1,
    });
    const without = new RecordWatch({ ...limits, temperatureC: null });
    expect(without.take(unmeasured) ?? without.take(later)).toBeUndefined();
  });
});
