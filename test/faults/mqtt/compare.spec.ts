import { describe, expect, it } from 'vitest';

import { seeded } from '#test/support/seeded.js';

import type { LoggedEvent } from '../checks.js';
import { bucketFaults, expected, orderFaults, sampleFaults } from './compare.js';
import { key, type Message, Messages } from './messages.js';
import { Publisher } from './publisher.js';

const at = Date.UTC(2026, 4, 4, 11);
const iso = (seconds: number): string => new Date(at + seconds * 1_000).toISOString();
const messages = (count: number): Message[] => {
  const made = new Messages('d', 's', at, seeded(1));
  return Array.from({ length: count }, () => made.samples());
};

describe('what is read of a device', () => {
  const wanted = new Map([
    [key('a', at), 1],
    [key('a', at + 1_000), 2],
  ]);
  const rows = [
    { series: 'a', at: iso(0), value: 1 },
    { series: 'a', at: iso(1), value: 2 },
  ];

  it('is each sample once, with its value', () => {
    expect(sampleFaults(rows, wanted)).toEqual([]);
    expect(sampleFaults([...rows, ...rows.slice(1)], wanted)).toHaveLength(1);
    expect(sampleFaults(rows.slice(1), wanted)).toHaveLength(1);
    expect(sampleFaults([...rows, { series: 'a', at: iso(2), value: 2 }], wanted)).toHaveLength(1);
    expect(sampleFaults([{ ...rows[0], value: 2 }, ...rows.slice(1)], wanted)).toHaveLength(1);
  });

  it('is summed up in buckets', () => {
    const bucket = { start: iso(0), end: iso(60), count: 2, sum: 3, min: 1, max: 2 };
    const ends = { first: 1, last: 2 };
    const of = (one: object) => [{ series: 'a', buckets: [{ ...bucket, ...ends, ...one }] }];
    expect(bucketFaults(of({}), wanted)).toEqual([]);
    expect(bucketFaults(of({ sum: 4 }), wanted)).toHaveLength(1);
    expect(bucketFaults(of({ end: iso(1) }), wanted).length).toBeGreaterThan(0);
  });

  it('is the first value of a time', () => {
    const made = new Messages('d', 's', at, seeded(1));
    const first = made.samples();
    const contradiction = made.contradiction();
    expect(contradiction.isContradiction).toBe(true);
    expect([...contradiction.values.keys()]).toEqual([...first.values.keys()]);
    expect(expected([first, contradiction])).toEqual(first.values);
  });
});

describe('the log', () => {
  it('has the messages in the order in which they were sent', () => {
    const publisher = new Publisher({ id: 'd', secret: '' }, at, 1);
    const { session } = publisher;
    publisher.order.push(...messages(4).map(({ seq }) => seq));
    const log = (...seqs: number[]) =>
      seqs.map(
        (seq) =>
          ({
            ...{ stream: 'samples-d.20260504', type: 'SamplesRecorded' },
            data: { messages: [{ session, seq }] },
          }) as unknown as LoggedEvent,
      );
    expect(orderFaults(log(1, 2, 3, 4), publisher)).toEqual([]);
    expect(orderFaults(log(1, 2, 1, 3), publisher)).toEqual([]);
    expect(orderFaults(log(1, 3, 2, 4), publisher)).toHaveLength(1);
    expect(orderFaults(log(1, 9), publisher)).toHaveLength(1);
    publisher.repeated.add(2);
    expect(orderFaults(log(1, 3, 2, 4), publisher)).toEqual([]);
  });
});
