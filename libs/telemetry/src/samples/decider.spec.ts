import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type Part, samplesDecider } from './decider.js';
import { nothingSeen } from './seen.js';

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

  it('that are there already change nothing, whatever message they come in', () => {
    const first = recorded(record(part('h1', 7), part('h2', 8)));
    given(first)
      .when(record(part('h1', 7), part('h2'), part('h1', 9)))
      .thenNothing();
  });

  it('are recorded where a device uses a number again for something else', () => {
    const first = recorded(record(part('h1', 7)));
    const [event] = samplesDecider.decide(record(part('other', 7, 9)), first.data.seen);
    expect(event?.data).toMatchObject({ count: 3, blocks: [{ hash: 'other' }] });
  });

  it('are taken once where one command holds them twice', () => {
    expect(recorded(record(part('h1', 1), part('h1', 2))).data).toMatchObject({
      blocks: [{ hash: 'h1' }],
      messages: [{ session: 's', seq: 1 }],
    });
  });

  it('are decided on by the newest event alone, which remembers all of its own', () => {
    const first = recorded(record(part('h1', 1)));
    const many = Array.from({ length: 200 }, (_, at) => part(`m${String(at)}`, at + 2));
    const second = samplesDecider.decide(record(...many), first.data.seen)[0]!;
    given(second)
      .when(record(part('h1', 1), ...many))
      .thenNothing();
    expect(second.data.seen).toMatchObject({ sessions: [{ session: 's', last: 201 }] });
  });

  it('are remembered within bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { minLength: 1, maxLength: 100 }), (sessions) => {
        let seen = nothingSeen;
        for (const [seq, session] of sessions.entries()) {
          const block = part(`${String(session)} ${String(seq)}`).block;
          const sent = { block, message: { session: String(session), seq } };
          seen = samplesDecider.decide(record(sent), seen)[0]?.data.seen ?? seen;
        }
        expect(seen.hashes.length).toBeLessThanOrEqual(65);
        expect(seen.sessions.length).toBeLessThanOrEqual(16);
        expect(seen.sessions.at(-1)?.session).toBe(String(sessions.at(-1)));
      }),
    );
  });
});
