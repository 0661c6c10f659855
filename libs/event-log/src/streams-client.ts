import type { EventStoreDBClient } from '@eventstore/db-client';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  makeClientConstructor,
} from '@grpc/grpc-js';

import { type AppendReply, decodeReply } from './wire-append.js';
import { type Answer, decodeAnswer } from './wire-event.js';

export type OpenRead = ClientReadableStream<Answer>;
export type AppendCall = ClientDuplexStream<Buffer, AppendReply>;

const { read, batchAppend } = streamsGrpc.StreamsService;

/** The calls of the service whose messages we read and write ourselves. */
const StreamsClient = makeClientConstructor(
  {
    read: { ...read, responseDeserialize: decodeAnswer },
    batchAppend: {
      ...batchAppend,
      requestSerialize: (message: Buffer) => message,
      responseDeserialize: decodeReply,
    },
  },
  'event_store.client.streams.Streams',
);

interface Calls {
  read(request: streams.ReadReq, ...callArguments: unknown[]): OpenRead;
  batchAppend(...callArguments: unknown[]): AppendCall;
}

/** The connection (discovery, TLS, credentials, reconnect) stays the client's. */
interface ClientInternals {
  GRPCStreamCreator<C>(
    client: unknown,
    name: string,
    creator: (client: Calls) => C,
  ): () => Promise<C>;
  callArguments(options: { requiresLeader?: boolean }, call: object): unknown[];
}

const noDeadline = { deadline: Number.POSITIVE_INFINITY };

/** `opened` is called with the call before anything can have come on it. */
export const openRead = (
  client: EventStoreDBClient,
  request: streams.ReadReq,
  requiresLeader: boolean,
  opened: (call: OpenRead) => void,
): Promise<OpenRead> => {
  const internals = client as unknown as ClientInternals;
  return internals.GRPCStreamCreator(StreamsClient, 'read', (calls) => {
    const call = calls.read(request, ...internals.callArguments({ requiresLeader }, noDeadline));
    opened(call);
    return call;
  })();
};

export const openBatchAppend = (client: EventStoreDBClient): Promise<AppendCall> => {
  const internals = client as unknown as ClientInternals;
  return internals.GRPCStreamCreator(StreamsClient, 'batchAppend', (calls) =>
    calls.batchAppend(...internals.callArguments({}, noDeadline)),
  )();
};
