import { describe, expect, it } from 'vitest';

import { activityFaults, type LoggedFact, topicFaults, type TopicRecord } from './compare.js';

const event = (stream: string, revision: number, position: number): LoggedFact => ({
  stream,
  key: stream,
  revision,
  position: BigInt(position),
  id: `${stream}@${revision}`,
  hash: 'as stored',
  type: revision === 0 ? 'ProductRegistered' : 'ElementsSet',
  name: `voltrace.product-registry.${revision === 0 ? 'ProductRegistered' : 'ElementsSet'}.v1`,
  ...(revision === 0 && { manufacturerId: 'm' }),
});

const log = [event('product-a', 0, 10), event('product-b', 0, 15), event('product-a', 1, 21)];

const record = (of: LoggedFact, offset: number, partition = 0): TopicRecord => ({
  key: of.key,
  stream: of.stream,
  partition,
  offset,
  id: of.id,
  hash: of.hash,
  type: of.name,
  revision: of.revision,
  position: of.position,
});

const [a0, b0, a1] = log as [LoggedFact, LoggedFact, LoggedFact];
const sound = [record(a0, 0), record(b0, 0, 1), record(a1, 2)];

describe('the comparison of the topic with the log', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(topicFaults(sound, log)).toEqual([]);
  });

  it.each<[string, readonly TopicRecord[], string]>([
    ['an event that is missing', sound.slice(0, 2), 'product-a@1 is missing'],
    ['one that is there twice', [...sound, record(b0, 1, 1)], 'product-b@0 is on the topic twice'],
    [
      'a stream out of order',
      [record(a0, 3), record(b0, 0, 1), record(a1, 2)],
      'product-a: position 10 after 21',
    ],
    [
      'a stream on two partitions',
      [record(a0, 0), record(b0, 0, 1), record(a1, 2, 1)],
      'product-a is on partitions 0 and 1',
    ],
    ['what the log does not hold', [...sound, record(event('product-c', 0, 30), 9)], 'product-c@0'],
    ['a foreign stream', [...sound, record(event('key-x', 0, 12), 9)], 'key-x@0 is on the topic'],
    [
      'another position',
      [record(a0, 0), record({ ...b0, position: 16n }, 0, 1), record(a1, 2)],
      '16',
    ],
  ])('finds %s', (_, records, fault) => {
    expect(topicFaults(records, log).join('\n')).toContain(fault);
  });

  it('finds another key', () => {
    const wrong = { ...record(b0, 0, 1), key: 'product-a' };
    expect(topicFaults([record(a0, 0), wrong, record(a1, 2)], log)[0]).toBe(
      'product-b@0 has key product-a, not product-b',
    );
  });

  it('finds another id, and other data', () => {
    const [first, second, third] = sound as [TopicRecord, TopicRecord, TopicRecord];
    const other = [{ ...first, id: 'other' }, { ...second, hash: 'other' }, third];
    expect(topicFaults(other, log)).toEqual([
      'product-a@0 has id other, not product-a@0',
      'product-b@0 has other data than in the log',
    ]);
  });

  it('finds another type', () => {
    const wrong = { ...record(b0, 0, 1), type: 'voltrace.product-registry.ElementsSet.v1' };
    expect(topicFaults([record(a0, 0), wrong, record(a1, 2)], log)).toHaveLength(1);
  });
});

describe('the comparison of the activity with the log', () => {
  const rows = [
    { manufacturerId: 'm', kind: 'product-registered', count: 2 },
    { manufacturerId: 'm', kind: 'elements-set', count: 1 },
  ];

  it('finds nothing where nothing is wrong, over any number of days', () => {
    expect(activityFaults(rows, log)).toEqual([]);
    const days = [{ ...rows[0]!, count: 1 }, { ...rows[0]!, count: 1 }, rows[1]!];
    expect(activityFaults(days, log)).toEqual([]);
  });

  it('finds what is counted twice, not at all, or for another maker', () => {
    expect(activityFaults([{ ...rows[0]!, count: 3 }, rows[1]!], log)).toHaveLength(1);
    expect(activityFaults([rows[0]!], log)).toHaveLength(1);
    expect(activityFaults([rows[0]!, { ...rows[1]!, manufacturerId: 'n' }], log)).toHaveLength(2);
  });
});
