import { expect, it } from 'vitest';

import { LogUnavailable } from '#event-log/event-log.js';
import { Refusal } from '#kernel/refusal.js';

import { ConsumerFollower } from './consumer-follower.js';

const follower = new ConsumerFollower(
  { name: 'one', topics: [], handle: () => Promise.resolve() },
  [],
);

it.each([
  ['the log is away', new LogUnavailable('away')],
  ['the disk of the log is full', new Refusal('DISK_FULL', 'unavailable', 'full')],
  ['the log did not confirm', new Refusal('OUTCOME_UNKNOWN', 'unavailable', 'unknown')],
  ['others changed it too', new Refusal('CONCURRENT_CHANGE', 'conflict', 'changed')],
])('waits, and parks nothing, where %s', (_, error) => {
  expect(follower.isTransient(error)).toBe(true);
});

it.each([
  ['is refused for good', new Refusal('EXPERIMENT_ENDED', 'conflict', 'ended')],
  ['fails by a mistake', new TypeError('undefined')],
])('parks a fact that %s', (_, error) => {
  expect(follower.isTransient(error)).toBe(false);
});
