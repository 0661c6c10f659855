import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { cycling, everything } from './examples.fixture.js';
import { sentencesOf } from './print-sentences.js';
import type { ProgramNode, Step } from './program.js';
import { programs } from './programs.fixture.js';
import { readSentences } from './sentences.js';
import { readTextForm } from './text-form.js';

const stepsOf = (text: string) => readSentences(text).steps;
const refusalOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof Refusal) return error.details.errors?.[0]?.reason ?? '';
    throw error;
  }
  return 'was read';
};

describe('sentences', () => {
  it.each<[string, ProgramNode]>([
    [
      'Charge at C/10 for 1 h or until 4.1 V',
      { do: 'cc', cRate: 0.1, until: [{ timeS: 3_600 }, { voltageV: 4.1 }] },
    ],
    ['Rest for 30 min', { do: 'rest', until: [{ timeS: 1_800 }] }],
    [
      'rest for 2 weeks or until below 25 degC',
      { do: 'rest', until: [{ timeS: 1_209_600 }, { temperatureC: 25, is: 'atMost' }] },
    ],
    ['Discharge at 1C until 2.5V', { do: 'cc', cRate: -1, until: [{ voltageV: 2.5 }] }],
    ['Hold at 4.2 V until C/50', { do: 'cv', voltageV: 4.2, until: [{ cRate: 0.02 }] }],
    ['Hold at 4.2 V until 50 mA', { do: 'cv', voltageV: 4.2, until: [{ currentA: 0.05 }] }],
    ['Charge at 5 W until 4.1 V', { do: 'cp', powerW: 5, until: [{ voltageV: 4.1 }] }],
    ['Discharge at 2.3 kW for 1 d', { do: 'cp', powerW: -2_300, until: [{ timeS: 86_400 }] }],
    [
      'Discharge at 10 ohm until 1 Ah or 3 Wh',
      { do: 'cr', resistanceOhm: 10, until: [{ capacityAh: 1 }, { energyWh: 3 }] },
    ],
    [
      'Charge at 1 A and hold at 4.2 V until 50 mA',
      { do: 'cccv', currentA: 1, voltageV: 4.2, until: [{ currentA: 0.05 }] },
    ],
    [
      'Charge at 0.5 C of measured capacity until -dV of 10 mV (10 s period or 5 mV or 50 mA)',
      {
        do: 'cc',
        cRate: 0.5,
        of: 'measured',
        until: [{ deltaVoltageV: 0.01 }],
        record: { everyS: 10, dV: 0.005, dA: 0.05 },
      },
    ],
    [
      'Discharge at C/5 until 2.5 V (measures capacity) # every month',
      { do: 'cc', cRate: -0.2, until: [{ voltageV: 2.5 }], measures: 'capacity' },
    ],
    [
      '(Rest for 1 s; (Rest for 2 s) x 3) x 10',
      {
        loop: [
          { do: 'rest', until: [{ timeS: 1 }] },
          { loop: [{ do: 'rest', until: [{ timeS: 2 }] }], times: 3 },
        ],
        times: 10,
      },
    ],
  ])('say "%s"', (sentence, node) => {
    expect(stepsOf(sentence)).toEqual([node]);
  });

  it('are repeated by their indentation', () => {
    const text = `
      # formation
Rest for 1 s
Repeat 2 times:
  Rest for 2 s
  Repeat 3 cycles:
      Rest for 3 s

  Rest for 4 s
Rest for 5 s`;
    const rest = (timeS: number): Step => ({ do: 'rest', until: [{ timeS }] });
    expect(stepsOf(text)).toEqual([
      rest(1),
      { loop: [rest(2), { loop: [rest(3)], times: 3, cycle: true }, rest(4)], times: 2 },
      rest(5),
    ]);
  });

  it.each<[string, string, string]>([
    [
      'an unknown word',
      'Chrage at 1 A',
      'line 1, column 1: expected Charge, Discharge, Rest, Hold, Follow or Repeat, and not "Chrage"',
    ],
    ['no end', 'Rest', 'line 1, column 5: expected "for" or "until", and not the end of the line'],
    [
      'a unit of something else',
      'Rest for 1 s\nCharge at 1 V',
      'line 2, column 13: expected a unit (A, mA, kA, W, mW, kW, C), and not "V"',
    ],
    [
      'an unknown unit',
      'Hold at 4.2 Volt',
      'line 1, column 13: expected a unit (V, mV), and not "Volt"',
    ],
    [
      'no unit',
      'Charge at 5 until 4 V',
      'line 1, column 13: expected a unit (A, mA, kA, W, mW, kW, C), and not "until"',
    ],
    [
      'a sign of its own',
      'Discharge at -1 A',
      'line 1, column 14: expected a number greater than 0, and not "-1"',
    ],
    [
      'a temperature',
      'Charge at 1 A until 4 V at 25 oC',
      'line 1, column 25: expected the end of the sentence: a program sets no temperature of a chamber, and not "at"',
    ],
    [
      'a wrong end',
      'Hold at 4 V for 1 h or until 4.1 V',
      'line 1, column 30: expected another end: a cv step cannot end by its voltage, and not "4.1"',
    ],
    [
      'an end of no direction',
      'Rest until 3 V',
      'line 1, column 12: expected another end: expected "is": "atLeast" or "atMost", since the step has no direction of its own, and not "3"',
    ],
    [
      'a charge by a resistance',
      'Charge at 10 ohm',
      'line 1, column 14: expected a unit (A, mA, kA, W, mW, kW, C), and not "ohm"',
    ],
    [
      'nothing to repeat',
      'Repeat 3 times:\nRest for 1 s',
      'line 2, column 1: expected an indented sentence to repeat',
    ],
    [
      'half a time',
      'Repeat 1.5 times:',
      'line 1, column 8: expected a whole number of times, and not "1.5"',
    ],
    [
      'a depth of its own',
      'Rest for 1 s\n  Rest for 1 s',
      'line 2, column 3: expected the indentation of 0 of the line before, and not "Rest"',
    ],
    [
      'an open group',
      '(Rest for 1 s',
      'line 1, column 14: expected ";" or ")", and not the end of the line',
    ],
    [
      'groups without end',
      '('.repeat(50_000),
      'line 1, column 9: expected at most 8 groups in groups, and not "("',
    ],
    [
      'more ends than a step has',
      `Charge at 1 A for 1 h${' or until 4 V'.repeat(10_000)}`,
      'line 1, column 149: expected at most 10 ends, and not "4"',
    ],
    [
      'too long a time',
      'Rest for 1 s\nRepeat 2 times:\n  Rest for 9999 d',
      'line 3, column 1: expected <= 315360000 (/steps/1/loop/0/until/0/timeS)',
    ],
    ['nothing', ' # nothing', 'line 1, column 1: expected at least 1 in the list (/steps)'],
  ])('with %s are refused at the place', (_, text, expected) => {
    expect(refusalOf(() => readSentences(text))).toBe(expected);
  });

  it('tell what they cannot say, and are refused there', () => {
    const text = sentencesOf(everything);
    expect(text.split('\n')).toEqual([
      '[again] Hold at 4.1 V until 0.5 W or for 1 min',
      'Discharge at 5 W until 1 Ah or until 2 Wh (10 s period or 5 mV or 50 mA) (at least 2.4 V)',
      'Discharge at 10 ohm until 2 Wh or until 3 V',
      'Go to again up to 3 times if the step before ended by energy',
      'Follow 3 points of current',
      'Charge at 1 A until -dV of 10 mV or until 45 oC',
      'Go to end up to 1 time if it ended with at least 4 V',
      'Repeat 2 cycles:',
      '  Rest for 1 s',
      '[end] Rest for 1 s',
      'Count a cycle by charge',
      'Record with a 1 s period',
      'Keep at least 0 oC, at most 60 oC',
      'Stop at 80 % of the first capacity',
      'Stop after 500 cycles',
      'Stop outside at least 2 V, at most 4.3 V',
    ]);
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      if ([2, 5, 7, 8].includes(index)) continue;
      expect(refusalOf(() => readSentences(line))).toMatch(/expected/);
    }
  });

  it('are the program that they were printed from', () => {
    expect(readSentences(sentencesOf(cycling))).toEqual(cycling);
    assert(
      property(programs, (program) => {
        expect(readSentences(sentencesOf(program))).toEqual(program);
      }),
    );
  });

  it('are refused with a place, whatever they are', () => {
    const words = constantFrom(
      ...[
        'Charge',
        'Rest',
        'Hold',
        'at',
        'for',
        'until',
        '1',
        '-4.2e3',
        'V',
        'C',
        '/',
        'or',
        '(',
        ')',
        'x',
      ],
      ...[';', ':', 'Repeat', 'times', '\n', '  ', '#', '-', 'dV', 'of', '°C'],
    );
    const texts = oneof(
      string({ unit: 'grapheme' }),
      array(oneof(words, string({ maxLength: 3 }))).map((all) => all.join(' ')),
    );
    assert(
      property(texts, (text) => {
        for (const read of [readSentences, readTextForm]) {
          expect(refusalOf(() => read(text))).toMatch(/^line \d+, column \d+: expected|^was read$/);
        }
      }),
    );
  });
});
