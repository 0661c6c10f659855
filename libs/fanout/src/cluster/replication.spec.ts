import { describe, expect, it } from 'vitest';

import { replicationOn } from './replication.js';

const chosen = { KAFKA_REPLICATION_FACTOR: -1, KAFKA_MIN_INSYNC_REPLICAS: -1 };

describe('the replication of topics that we make', () => {
  it.each([
    [1, 1, 1],
    [2, 2, 1],
    [3, 3, 2],
    [7, 3, 2],
  ])('on %i brokers is %i copies, %i of which must have a record', (brokers, copies, insync) => {
    expect(replicationOn(brokers, chosen)).toEqual({
      replicationFactor: copies,
      minInsyncReplicas: insync,
    });
  });

  it('is as it is set, where it is set', () => {
    expect(replicationOn(5, { ...chosen, KAFKA_REPLICATION_FACTOR: 5 })).toEqual({
      replicationFactor: 5,
      minInsyncReplicas: 4,
    });
    expect(replicationOn(3, { ...chosen, KAFKA_MIN_INSYNC_REPLICAS: 1 })).toEqual({
      replicationFactor: 3,
      minInsyncReplicas: 1,
    });
  });
});
