import { setTimeout as sleep } from 'node:timers/promises';

import { type EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import type streams from '@eventstore/db-client/generated/streams_pb.js';

import { until } from '#testing/until.js';

import { openWithDurations, withDuration } from '../durations.js';
import { isTooSlow } from '../follow.js';
import { anyBatch, anyRevision, batch, proposed, structuredText, withRaw } from '../raw.js';
import type { Store } from '../store.js';
import { appendTo, marker, newStream, thing, things } from '../support.js';
import { nameOf } from './batch-answer.js';
import { answerOf, type Difference } from './difference.js';

const BURST = 100;

/** How often a server gets the chance to drop or to lose what it need not. */
const TRIES = 10;

/** What `once` answers that is not `usual`, or `usual` where that is answered each time. */
const unless = async (usual: string, once: () => Promise<string>): Promise<string> => {
  for (let n = 0; n < TRIES; n += 1) {
    const answer = await once();
    if (answer !== usual) return answer;
  }
  return usual;
};

const ALL_COMES = 'all of it comes';
const ALL_ANSWERED = 'all are answered';

/** What a live subscriber gets of many events that are written at once. */
const burst = async (store: Store): Promise<string> => {
  const client = store.connect();
  return unless(ALL_COMES, () => burstOnce(store, client));
};

const burstOnce = async (store: Store, client: EventStoreDBClient): Promise<string> => {
  const stream = newStream('burst');
  await appendTo(store, stream, thing(), NO_STREAM);
  let received = 0;
  let error: Error | undefined;
  let isLive = false;
  const subscription = client.subscribeToStream(stream, { fromRevision: 0n });
  subscription
    .on('caughtUp', () => (isLive = true))
    .on('data', () => (received += 1))
    .on('error', (failure) => (error = failure));
  await until('a subscription is live', () => isLive);
  await appendTo(store, stream, things(BURST), 0n);
  await until(
    'a live subscriber has a burst of events or is dropped',
    () => error !== undefined || received >= BURST,
  );
  await subscription.unsubscribe();
  if (error === undefined) return ALL_COMES;
  return isTooSlow(error) ? '10 ABORTED' : answerOf(Promise.reject(error));
};

const HEAD_START_MS = 500;
const CONTROL_SECONDS = 3;

/**
 * Whether an append without a deadline whose last message does not come is given up before one of three
 * seconds that was begun half a second later: a store is told by its own clock, however busy it is.
 */
const unfinished = (store: Store): Promise<string> =>
  withRaw(store, async (raw) => {
    const unended = () => batch({ options: anyRevision(), messages: [proposed()], isFinal: false });
    const call = openWithDurations(raw);
    const answers: streams.BatchAppendResp[] = [];
    call.on('error', () => undefined);
    call.on('data', (answer: streams.BatchAppendResp) => answers.push(answer));
    const without = unended();
    call.write(Buffer.from(without.serializeBinary()));
    await sleep(HEAD_START_MS);
    call.write(withDuration(unended(), CONTROL_SECONDS));
    await until('both are given up', () => answers.length === 2);
    call.cancel();
    const id = without.getCorrelationId()!.getString();
    const given = answers.map((answer) => structuredText(answer.getCorrelationId()));
    const answer = answers[given.indexOf(id)];
    const isFirst = given.indexOf(id) === 0;
    return `${nameOf(answer)}${isFirst ? '' : ', not'} within ${CONTROL_SECONDS} s`;
  });

/** Whether appends are answered whose caller half-closes the call before their answers came. */
const halfClosed = (store: Store): Promise<string> =>
  unless(ALL_ANSWERED, () => halfClosedOnce(store));

const halfClosedOnce = (store: Store): Promise<string> =>
  withRaw(store, async (raw) => {
    const call = raw.batchAppend();
    const answers: streams.BatchAppendResp[] = [];
    const state = { isOver: false };
    call.on('data', (answer: streams.BatchAppendResp) => answers.push(answer));
    call.on('error', () => (state.isOver = true));
    call.on('end', () => (state.isOver = true));
    const count = 20;
    for (let n = 0; n < count; n += 1) {
      call.write(anyBatch());
    }
    call.end();
    // An append that comes later is answered later: by then it is known, but for what is under way.
    await marker(store);
    await until('a half-closed call ends', () => state.isOver, 3_000).catch(() => undefined);
    call.cancel();
    return state.isOver && answers.length === count ? ALL_ANSWERED : 'answers are lost';
  });

export const liveDifferences: readonly Difference[] = [
  {
    key: 'burst',
    situation: `A burst of ${BURST} events, for a live subscriber that takes what comes`,
    node: ALL_COMES,
    server: '10 ABORTED',
    why: 'A server drops a live subscriber that leaves more than 32 events untaken, the node only one that besides takes nothing for a second. Resuming is normal, not an outage.',
    measure: burst,
  },
  {
    key: 'unfinished-append',
    situation: 'A batch append without a deadline whose last message does not come',
    node: 'Timeout, not within 3 s',
    server: 'Timeout within 3 s',
    why: 'The node waits 5 s, a server 2: the node may share a laptop with much else.',
    measure: unfinished,
  },
  {
    key: 'half-close',
    situation: 'A batch call of 20 appends that is half-closed before they are answered',
    node: ALL_ANSWERED,
    server: 'answers are lost',
    why: 'Never half-close a call with answers due.',
    measure: halfClosed,
  },
];
