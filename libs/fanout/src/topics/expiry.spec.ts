import { describe, expect, it } from 'vitest';

import type { Fact } from '../fact.js';
import { Expiry } from './expiry.js';
import type { TopicStatus } from './list-topics.js';

const status = (more: Partial<TopicStatus>): TopicStatus => ({
  topic: 'voltrace.counter.v1',
  name: 'voltrace.counter.v1',
  kind: 'facts',
  exists: true,
  partitions: 3,
  expectedPartitions: 3,
  cleanupPolicy: 'delete',
  retentionMs: '3600000',
  retentionBytes: '-1',
  maxMessageBytes: '2097152',
  offsets: [
    { partition: 0, first: '7', end: '9' },
    { partition: 1, first: '0', end: '5' },
    { partition: 2, first: '4', end: '4' },
  ],
  ...more,
});

const fact = (stream: string, at: bigint): Fact => ({
  id: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c01',
  type: 'voltrace.counter.Counted.v1',
  stream,
  key: stream,
  revision: 0n,
  position: { commit: at, prepare: at },
  occurredAt: '2026-02-12T09:30:00Z',
  recordedAt: '2026-02-12T09:30:00Z',
  correlationId: 'c',
  causationId: 'c',
  data: {},
});

/** By the hash that Java's client uses too: of these streams one goes to each partition. */
const on = { 0: 'counter-a', 1: 'counter-c', 2: 'counter-b' };

describe('what a topic has given up', () => {
  it('is what is older than the oldest fact of its partition', () => {
    const expiry = new Expiry(status({}));
    expiry.found(fact(on[0], 100n), 0);
    expiry.found(fact(on[0], 120n), 0);
    expiry.found(fact(on[1], 50n), 1);
    expect(expiry.has(fact(on[0], 99n))).toBe(true);
    expect(expiry.has(fact(on[0], 100n))).toBe(false);
    expect(expiry.has(fact(on[1], 10n))).toBe(false);
    expect(expiry.has(fact(on[2], 1_000n))).toBe(true);
  });

  it('is the same where the retention is one of bytes', () => {
    const expiry = new Expiry(status({ retentionMs: '-1', retentionBytes: '1000000' }));
    expect(expiry.has(fact(on[1], 10n))).toBe(false);
    expect(expiry.has(fact(on[2], 1_000n))).toBe(true);
  });

  it('is nothing where the topic is to keep all', () => {
    const expiry = new Expiry(status({ retentionMs: '-1' }));
    expect(expiry.has(fact(on[0], 1n))).toBe(false);
    expect(expiry.has(fact(on[2], 1n))).toBe(false);
  });
});
