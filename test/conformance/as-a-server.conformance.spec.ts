import { ANY, NO_STREAM, StreamNotFoundError } from '@eventstore/db-client';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import pg from 'pg';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import {
  anyBatch,
  anyRevision,
  appendMessage,
  appendOptions,
  batch,
  batchAppend,
  classicAppend,
  detailOf,
  proposed,
  read,
  withRaw,
} from './raw.js';
import { describeNodeOnly, ownStore } from './suite.js';
import { appendTo, failureOf, idsIn, newStream, thing, things } from './support.js';

describeNodeOnly('a node that answers as a server', () => {
  const store = ownStore({ EVENT_NODE_ANSWERS: 'as-a-server' });

  it('says nothing of what is missing', async () => {
    const failure = await failureOf(withRaw(store, (raw) => read(raw, undefined)));
    expect(failure).toMatchObject({
      code: status.UNKNOWN,
      details: 'Exception was thrown by handler.',
    });
  });

  it('stumbles over an event before the options', async () => {
    const properties = { type: 'T', 'content-type': 'application/json' };
    const stream = newStream();
    const requests = [appendMessage(properties), appendOptions(stream)];
    expect(await failureOf(classicAppend(store, requests))).toMatchObject({
      code: status.UNKNOWN,
    });
  });

  it('goes on after a batch append without options', async () => {
    await withRaw(store, async (raw) => {
      const answers = await batchAppend(
        raw,
        [
          batch({ messages: [proposed()] }),
          batch({ messages: [proposed()], isFinal: false }),
          anyBatch(),
        ],
        { last: anyBatch() },
      );
      expect(answers.map((answer) => answer.hasSuccess())).toEqual([true]);
    });
  });

  it('keeps a half-closed call open on which nothing was due, and what times out is answered', async () => {
    await withRaw(store, async (raw) => {
      const call = raw.batchAppend();
      const answers: streams.BatchAppendResp[] = [];
      const state = { isOver: false };
      call.on('data', (answer: streams.BatchAppendResp) => answers.push(answer));
      call.on('end', () => (state.isOver = true));
      call.on('error', () => (state.isOver = true));
      call.write(batch({ options: anyRevision(), messages: [proposed()], isFinal: false }));
      call.end();
      await until('it timed out', () => answers.length > 0);
      expect(answers.map(detailOf)).toEqual(['event_store.client.Timeout']);
      // What comes later on the same connection was answered, and its call ended.
      await batchAppend(raw, [anyBatch()]);
      expect(state.isOver).toBe(false);
      call.cancel();
    });
  });

  it('does not find a deleted stream once after the append that revives it', async () => {
    const stream = newStream();
    await appendTo(store, stream, thing(), NO_STREAM);
    for (const event of things(2)) {
      await store.client.deleteStream(stream);
      expect(await failureOf(idsIn(store, stream))).toBeInstanceOf(StreamNotFoundError);
      await appendTo(store, stream, event, ANY);
      expect(await failureOf(idsIn(store, stream))).toBeInstanceOf(StreamNotFoundError);
      expect(await idsIn(store, stream)).toEqual([event.id]);
    }
  });

  it('gives an append two seconds', async () => {
    const blocker = new pg.Client(store.databaseUrl);
    await blocker.connect();
    await blocker.query('begin; lock table events');
    try {
      const started = performance.now();
      const requests = [
        appendOptions(newStream()),
        appendMessage({ type: 'T', 'content-type': 'application/json' }),
      ];
      const failure = await failureOf(classicAppend(store, requests));
      expect(failure).toMatchObject({ code: status.ABORTED });
      expect(performance.now() - started).toBeLessThan(4_000);
    } finally {
      await blocker.end();
    }
  });

  it('ends the call of a message of more than 17 MiB, with its neighbours', async () => {
    await withRaw(store, async (raw) => {
      const mebibytes = (count: number) => [proposed({ data: Buffer.alloc(count * 1024 * 1024) })];
      const large = batch({ options: anyRevision(), messages: mebibytes(18) });
      const failure = await failureOf(
        batchAppend(raw, [
          batch({ options: anyRevision(), messages: mebibytes(0), isFinal: false }),
          large,
        ]),
      );
      expect(failure).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    });
  });
});
