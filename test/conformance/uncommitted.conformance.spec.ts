import { jsonEvent, NO_STREAM } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import pg from 'pg';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { batch, batchOptions, detailOf, proposed, rawClient, uuidOf } from './raw.js';
import { describeNodeOnly, ownStore } from './suite.js';
import { appendTo, idsIn, newStream } from './support.js';

type Answers = ReadonlyMap<string, string>;
const WRONG = 'event_store.client.WrongExpectedVersion';
const TIMEOUT = 'event_store.client.Timeout';

describeNodeOnly('what comes while an append is being committed', () => {
  const store = ownStore();

  /** Sends the first, and once its commit is held up by a lock, the others; `then` is called when they are all there. */
  const whileCommitting = async (
    [first, ...others]: readonly [streams.BatchAppendReq, ...streams.BatchAppendReq[]],
    then: (answers: Answers) => Promise<void>,
  ): Promise<Answers> => {
    const raw = rawClient(store);
    const blocker = new pg.Client(store.databaseUrl);
    const observer = new pg.Client(store.databaseUrl);
    await Promise.all([blocker.connect(), observer.connect()]);
    const answers = new Map<string, string>();
    const call = raw.batchAppend();
    call
      .on('error', () => undefined)
      .on('data', (answer: streams.BatchAppendResp) => {
        const id = answer.getCorrelationId()!.getString();
        answers.set(id, detailOf(answer)?.replace(/^.*\//, '') ?? 'written');
      });
    try {
      await blocker.query('begin; select 1 from epoch for update');
      call.write(first);
      await until('its commit waits', async () => {
        const waiting = await observer.query(`
          select 1 from pg_stat_activity where datname = current_database()
          and wait_event_type = 'Lock' and query like '%insert into events%'`);
        return waiting.rowCount === 1;
      });
      for (const other of others) call.write(other);
      // Refused before it gets to the writer, and after the others got there.
      call.write(batch({ correlation: uuidOf('00000000-0000-4000-8000-000000000000') }));
      await until('the others are there', () => answers.size > 0);
      expect(answers.size).toBe(1);
      await blocker.query('rollback');
      await then(answers);
      return answers;
    } finally {
      await Promise.all([blocker.end(), observer.end()]);
      call.cancel();
      raw.close();
    }
  };

  const append = (
    correlation: string,
    stream: string,
    ids: readonly string[],
    expected?: number,
  ): streams.BatchAppendReq => {
    const options = batchOptions(stream);
    if (expected === undefined) options.setNoStream(new shared.Empty());
    else options.setStreamPosition(String(expected));
    const messages = ids.map((id) => proposed({ id: uuidOf(id) }));
    return batch({ correlation: uuidOf(correlation), options, messages });
  };

  const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

  it('is dropped until its time is up where it is a repeat of all of it or its beginning, and decided otherwise', async () => {
    const stream = newStream();
    const [a, b, other] = [id(101), id(102), id(103)];
    const answers = await whileCommitting(
      [
        append(id(1), stream, [a, b]),
        append(id(2), stream, [a, b]),
        append(id(3), stream, [a]),
        append(id(4), stream, [a, b, other]),
        append(id(5), stream, [a, other]),
        append(id(6), stream, [b, a]),
        append(id(7), stream, [a, b], 7),
        append(id(8), stream, [other], 1),
      ],
      async (known) => {
        await until('those that are decided are answered', () => known.size >= 7);
        expect(known.has(id(2)) || known.has(id(3))).toBe(false);
        await until('all are answered', () => known.size === 9);
      },
    );
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((n) => answers.get(id(n)))).toEqual([
      'written',
      TIMEOUT,
      TIMEOUT,
      WRONG,
      WRONG,
      WRONG,
      WRONG,
      'written',
    ]);
  });

  it('is dropped until its time is up where it is a repeat of what came with it, and recognised when it is sent again', async () => {
    const stream = newStream();
    const events = [id(301), id(302)];
    const answers = await whileCommitting(
      [
        append(id(1), newStream(), [id(303)]),
        ...[2, 3, 4].map((n) => append(id(n), stream, events)),
      ],
      (known) => until('all are answered', () => known.size === 5),
    );
    expect([1, 2, 3, 4].map((n) => answers.get(id(n)))).toEqual([
      'written',
      'written',
      TIMEOUT,
      TIMEOUT,
    ]);
    const again = events.map((one) => jsonEvent({ id: one, type: 'ThingHappened', data: {} }));
    expect(await appendTo(store, stream, again, NO_STREAM)).toMatchObject({
      nextExpectedRevision: 1n,
    });
    expect(await idsIn(store, stream)).toEqual(events);
  });

  it('is answered as timed out where it is a repeat and the node is told to stop', async () => {
    const stream = newStream();
    const answers = await whileCommitting(
      [append(id(1), stream, [id(201)]), append(id(2), stream, [id(201)])],
      async (known) => {
        await until('the original is answered', () => known.has(id(1)));
        await store.node.stop();
      },
    );
    expect(answers.get(id(1))).toBe('written');
    expect(answers.get(id(2))).toBe(TIMEOUT);
    await store.node.restart();
  });
});
