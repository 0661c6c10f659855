import { once } from 'node:events';

import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';

import { answerTo } from './failure.js';
import { LivePace } from './live-pace.js';
import type { Node } from './node.js';
import { type Messages, readAll, readStream } from './read-events.js';
import { readPlan } from './read-plan.js';
import { subscribeToAll } from './subscribe.js';
import { subscribeToStream } from './subscribe-stream.js';

type Call = ServerWritableStream<streams.ReadReq, Buffer>;

/** Without one an abort makes an error with its stack, and each call ends in an abort. */
const over = 'the call is over';

/** Reads and subscriptions, as fast as the reader takes them and no faster. */
export const read = (node: Node) => (call: Call) => {
  const gone = new AbortController();
  const leave = (): void => gone.abort(over);
  call.on('cancelled', leave);
  call.on('error', leave);
  call.on('close', leave);
  serve(node, call, gone.signal).then(
    () => call.end(),
    (error: unknown) => {
      if (gone.signal.aborted) return;
      const failure = answerTo(error, node);
      if (failure !== undefined) call.emit('error', failure);
    },
  );
};

const serve = async (node: Node, call: Call, signal: AbortSignal): Promise<void> => {
  const pace = new LivePace(node);
  for await (const messages of messagesFor(node, call.request, pace, signal)) {
    for (const message of messages) {
      if (signal.aborted) return;
      pace.sends();
      if (!call.write(message, pace.taken)) await drained(call, signal);
    }
  }
};

const messagesFor = (
  node: Node,
  request: streams.ReadReq,
  pace: LivePace,
  signal: AbortSignal,
): Messages => {
  const plan = readPlan(request.getOptions(), node.asServer);
  switch (plan.kind) {
    case 'stream':
      return readStream(node, plan);
    case 'all':
      return readAll(node, plan);
    case 'stream-live':
      return subscribeToStream(node, plan, pace, signal);
    case 'all-live':
      return subscribeToAll(node, plan, pace, signal);
  }
};

const drained = async (call: Call, signal: AbortSignal): Promise<void> => {
  try {
    await once(call, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};
