import { randomUUID } from 'node:crypto';

import { ANY, EventStoreDBClient, START } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { EsdbEventLog } from './esdb.js';
import type { Page, Position } from './event-log.js';

/** An event of the log, system events included. */
interface Place {
  readonly id: string;
  readonly system: boolean;
  readonly position: Position;
}

let node: TestNode;
let log: EsdbEventLog;
let forwards: Place[];

beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
  const client = EventStoreDBClient.connectionString(node.url);
  for (let n = 0; n < 7; n += 1) {
    const stream = `counter-${randomUUID()}`;
    await log.append(
      stream,
      [newEvent('Counted', { by: n }), newEvent('Counted', {})],
      'no_stream',
    );
    await client.setStreamMetadata(stream, { n }, { expectedRevision: ANY });
  }
  forwards = [];
  for await (const { event } of client.readAll({ fromPosition: START })) {
    const { id, type, position } = event!;
    forwards.push({ id, system: type.startsWith('$'), position: position });
  }
  await client.dispose();
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

describe.each(['forwards', 'backwards'] as const)('pages %s', (direction) => {
  const places = (): Place[] => (direction === 'forwards' ? forwards : forwards.toReversed());
  const pageAt = (at: number, limit: number): Promise<Page> => {
    const after = at === 0 ? undefined : places()[at - 1]?.position;
    return log.readAll({ direction, limit, ...(after && { after }) });
  };

  it.each([1, 2, 3, 4, 20, 21, 22, 1_000])(
    'of %i consider as many events, none twice and none never',
    async (limit) => {
      expect(places()).toHaveLength(21);
      for (let at = 0; at <= 21; at += limit) {
        const page = await pageAt(at, limit);
        const expected = places().slice(at, at + limit);
        expect(page.events.map(({ id }) => id)).toEqual(
          expected.filter(({ system }) => !system).map(({ id }) => id),
        );
        expect(page.next).toEqual(places()[Math.min(at + limit, 21) - 1]?.position);
        expect(page.atEnd).toBe(expected.length < limit);
      }
    },
  );
});
