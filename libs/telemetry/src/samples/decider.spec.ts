import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type Part, samplesDecider } from './decider.js';
import { holdsMessage, nothingSeen, withMessage } from './seen.js';

const given = givenFor(samplesDecider);
const meta = commandMeta();
const device = '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90';

const part = (hash: string, seq?: number, value = 1): Part => ({
  block: {
    t0: '2026-05-04T11:00:00.000Z',
    t: [4000, 0],
    series: { a: { values: [value, null] }, b: { values: [2, 3] } },
    hash,
  },
  ...(seq !== undefined && { message: { session: 's', seq } }),
});
const record = (...parts: Part[]) =>
  ({ type: 'RecordSamples', data: { device, parts }, meta }) as const;
const recorded = (command: ReturnType<typeof record>) => {
  const [event] = samplesDecider.decide(command, nothingSeen);
  if (!event) throw new Error('expected an event');
  return event;
};

describe('samples of a day', () => {
  it('are recorded with their extent and number, null values not counted', () => {
    expect(recorded(record(part('h1'))).data).toMatchObject({
      device,
      from: '2026-05-04T11:00:00.000Z',
      to: '2026-05-04T11:00:04.000Z',
      count: 3,
    });
  });

  it('of a message that is there already change nothing, whatever they hold', () => {
    const first = recorded(record(part('h1', 7), part('h2', 8)));
    given(first)
      .when(record(part('h1', 7), part('other', 8, 9)))
      .thenNothing();
  });

  it('without a number are known by their content', () => {
    const first = recorded(record(part('h1')));
    given(first)
      .when(record(part('h1')))
      .thenNothing();
    const [event] = samplesDecider.decide(record(part('h1'), part('h2')), first.data.seen);
    expect(event?.data).toMatchObject({ count: 3, seen: { hashes: ['h1', 'h2'] } });
  });

  it('are decided on by the newest event alone', () => {
    const first = recorded(record(part('h1', 1)));
    const second = samplesDecider.decide(record(part('h2', 2)), first.data.seen)[0]!;
    given(second)
      .when(record(part('h1', 1), part('h2', 2)))
      .thenNothing();
  });
});

describe('the numbers of a session', () => {
  it('are remembered in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 30 }), (numbers) => {
        const seen = numbers.reduce(
          (so, seq) => withMessage(so, { session: 's', seq }),
          nothingSeen,
        );
        for (let seq = 0; seq <= 41; seq += 1) {
          expect(holdsMessage(seen, { session: 's', seq })).toBe(numbers.includes(seq));
        }
        const ranges = seen.sessions[0]?.ranges ?? [];
        ranges.forEach(([from = 0, to = 0], at) => {
          expect(from).toBeLessThanOrEqual(to);
          const next = ranges[at + 1];
          if (next) expect(next[0]).toBeGreaterThan(to + 1);
        });
      }),
    );
  });

  it('of old sessions are forgotten, never mixed up', () => {
    let seen = nothingSeen;
    for (let session = 0; session < 20; session += 1) {
      seen = withMessage(seen, { session: String(session), seq: 1 });
    }
    expect(holdsMessage(seen, { session: '0', seq: 1 })).toBe(false);
    expect(holdsMessage(seen, { session: '19', seq: 1 })).toBe(true);
    expect(seen.sessions).toHaveLength(16);
  });
});
