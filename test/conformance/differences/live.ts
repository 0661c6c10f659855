import { NO_STREAM } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';

import { until } from '#testing/until.js';

import { isTooSlow } from '../follow.js';
import { batch, batchAppend, batchOptions, detailOf, proposed, withRaw } from '../raw.js';
import type { Store } from '../store.js';
import { appendTo, marker, newStream, thing, things } from '../support.js';
import { answerOf, type Difference } from './difference.js';

const BURST = 100;

/** What a live subscriber gets of many events that are written at once. */
const burst = async (store: Store): Promise<string> => {
  const stream = newStream('burst');
  await appendTo(store, stream, thing(), NO_STREAM);
  let received = 0;
  let error: Error | undefined;
  let isLive = false;
  const subscription = store.connect().subscribeToStream(stream, { fromRevision: 0n });
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
  if (error === undefined) return 'all of it comes';
  return isTooSlow(error) ? '10 ABORTED' : answerOf(Promise.reject(error));
};

/** After how long an append without a deadline is given up whose last message does not come. */
const unfinished = (store: Store): Promise<string> =>
  withRaw(store, async (raw) => {
    const options = batchOptions(newStream()).setAny(new shared.Empty());
    const since = performance.now();
    const open = batch({ options, messages: [proposed()], isFinal: false });
    const [answer] = await batchAppend(raw, [open]);
    // The node's five seconds are never over earlier, those of a server may seem longer.
    const seconds = performance.now() - since < 4_900 ? 2 : 5;
    return `${detailOf(answer)?.replace(/.*\./, '') ?? 'written'} after ${seconds} s`;
  });

/** Whether appends are answered whose caller half-closes the call before their answers came. */
const halfClosed = (store: Store): Promise<string> =>
  withRaw(store, async (raw) => {
    const call = raw.batchAppend();
    const answers: streams.BatchAppendResp[] = [];
    const state = { isOver: false };
    call.on('data', (answer: streams.BatchAppendResp) => answers.push(answer));
    call.on('error', () => (state.isOver = true));
    call.on('end', () => (state.isOver = true));
    const count = 20;
    for (let n = 0; n < count; n += 1) {
      const options = batchOptions(newStream()).setAny(new shared.Empty());
      call.write(batch({ options, messages: [proposed()] }));
    }
    call.end();
    // An append that comes later is answered later: by then it is known, but for what is under way.
    await marker(store);
    await until('a half-closed call ends', () => state.isOver, 3_000).catch(() => undefined);
    call.cancel();
    return state.isOver && answers.length === count ? 'all are answered' : 'answers are lost';
  });

export const liveDifferences: readonly Difference[] = [
  {
    key: 'burst',
    situation: `A burst of ${BURST} events, for a live subscriber that takes what comes`,
    node: 'all of it comes',
    server: '10 ABORTED',
    why: 'A server drops a live subscriber that leaves more than 32 events untaken, the node only one that besides takes nothing for a second. Resuming is normal, not an outage.',
    measure: burst,
  },
  {
    key: 'unfinished-append',
    situation: 'A batch append without a deadline whose last message does not come',
    node: 'Timeout after 5 s',
    server: 'Timeout after 2 s',
    why: 'The node may share a laptop with much else.',
    measure: unfinished,
  },
  {
    key: 'half-close',
    situation: 'A batch call of 20 appends that is half-closed before they are answered',
    node: 'all are answered',
    server: 'answers are lost',
    why: 'Never half-close a call with answers due.',
    measure: halfClosed,
  },
];
