import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { readTextForm } from './text-form.js';

describe('the text form', () => {
  it('is one instruction per line', () => {
    const text =
      'WAIT, 600\r\nCC, 2.0, VOLTAGE, 4.2\n\ncv,4.2,CURRENT,-0.05 # signed\nCP, -5, TIME, 60\nCC, -1, CAPACITY, 2.5';
    expect(readTextForm(text)).toEqual({
      steps: [
        { do: 'rest', until: [{ timeS: 600 }] },
        { do: 'cc', currentA: 2, until: [{ voltageV: 4.2 }] },
        { do: 'cv', voltageV: 4.2, until: [{ currentA: 0.05 }] },
        { do: 'cp', powerW: -5, until: [{ timeS: 60 }] },
        { do: 'cc', currentA: -1, until: [{ capacityAh: 2.5 }] },
      ],
    });
  });

  it('has no limit of 24 bits', () => {
    expect(readTextForm('CC, 0.01, TIME, 2419200').steps).toEqual([
      { do: 'cc', currentA: 0.01, until: [{ timeS: 2_419_200 }] },
    ]);
  });

  it.each([
    ['REST, 60', 1, 1, /WAIT, CC, CV or CP/],
    ['WAIT, 60, TIME, 5', 1, 11, /2 fields/],
    ['WAIT, -1', 1, 7, /seconds, more than 0/],
    ['WAIT', 1, 5, /seconds/],
    ['WAIT, 60\nCC, 2.0, VOLTAGE', 2, 17, /VOLTAGE at which/],
    ['CC, two, TIME, 5', 1, 5, /amperes; positive charges/],
    ['CC, 0, TIME, 5', 1, 5, /not 0/],
    ['CC, 1, CHARGE, 5', 1, 8, /one of TIME, VOLTAGE, CURRENT, POWER, CAPACITY/],
    ['CC, 1, toString, 5', 1, 8, /one of TIME/],
    ['CC, 1, CURRENT, 1', 1, 8, /a cc step cannot end by its current/],
    ['CV, 4.2, VOLTAGE, 4.2', 1, 10, /a cv step cannot end by its voltage/],
    ['CV, -4.2, TIME, 5', 1, 5, /volts, more than 0/],
    ['CC, 1, TIME, -1', 1, 14, /greater than 0/],
    ['CC, 1, TIME, 1, 2', 1, 17, /4 fields/],
    ['CC, 1, TIME, 999999999999', 1, 1, /<= 315360000/],
  ])('%j is refused at line %d, column %d', (text, line, column, expected) => {
    const read = () => readTextForm(text);
    expect(read).toThrow(Refusal);
    try {
      read();
    } catch (error) {
      expect((error as Refusal).details).toMatchObject({
        line,
        column,
        expected: expect.stringMatching(expected),
      });
    }
  });
});
