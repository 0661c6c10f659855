import codePb from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import { onTestFinished } from 'vitest';

import { EsdbEventLog } from './esdb.js';

export type AppendRequest = InstanceType<typeof streams.BatchAppendReq>;
export type AppendReply = InstanceType<typeof streams.BatchAppendResp>;
export type AppendCall = ServerDuplexStream<AppendRequest, AppendReply>;
export type ReadCall = ServerWritableStream<
  InstanceType<typeof streams.ReadReq>,
  InstanceType<typeof streams.ReadResp>
>;

/** How a server of the protocol behaves on the wire, in ways that the embedded node never does. */
export interface WireBehaviour {
  readonly onAppend?: (request: AppendRequest, answer: (reply: AppendReply) => void) => void;
  readonly onRead?: (call: ReadCall) => void;
  /** Instead of `onAppend`, with the call itself. */
  readonly onAppendCall?: (call: AppendCall) => void;
}

const startWireServer = async ({ onAppend, onRead, onAppendCall }: WireBehaviour) => {
  const server = new Server();
  server.addService(streamsGrpc.StreamsService, {
    batchAppend: (call: AppendCall) => {
      call.on('error', () => undefined);
      if (onAppendCall) {
        onAppendCall(call);
        return;
      }
      call.on('data', (request: AppendRequest) => {
        onAppend?.(request, (reply) => {
          if (!reply.hasCorrelationId()) reply.setCorrelationId(request.getCorrelationId());
          if (!call.cancelled) call.write(reply);
        });
      });
    },
    read: (call: ReadCall) => onRead?.(call),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    port,
    url: `esdb://127.0.0.1:${String(port)}?tls=false`,
    stop: () => {
      server.forceShutdown();
    },
  };
};

/** A success; without a position where none is given. */
export const confirmed = (revision: number, commit?: number): AppendReply => {
  const success = new streams.BatchAppendResp.Success();
  success.setCurrentRevision(String(revision));
  if (commit === undefined) success.setNoPosition(new shared.Empty());
  else {
    const position = new shared.AllStreamPosition();
    position.setCommitPosition(String(commit));
    position.setPreparePosition(String(commit));
    success.setPosition(position);
  }
  return new streams.BatchAppendResp().setSuccess(success);
};

const refused = (
  type: string,
  detail: Uint8Array,
  code: codePb.Code,
  text: string,
): AppendReply => {
  const details = new anyPb.Any();
  details.pack(detail, `event_store.client.${type}`, 'type.googleapis.com');
  const error = new statusPb.Status();
  error.setCode(code);
  error.setMessage(text);
  error.setDetails(details);
  return new streams.BatchAppendResp().setError(error);
};

/** As a server answers an append to a stream whose access list does not have us. */
export const deniedAppend = (): AppendReply =>
  refused(
    'AccessDenied',
    new shared.AccessDenied().serializeBinary(),
    codePb.Code.PERMISSION_DENIED,
    'Access Denied',
  );

/** As a server answers an append that took too long: its correlation id comes back as two numbers. */
export const timedOutAppend = (request: AppendRequest): AppendReply => {
  const digits = BigInt(`0x${request.getCorrelationId()?.getString().replaceAll('-', '') ?? '0'}`);
  const halves = new shared.UUID.Structured();
  halves.setMostSignificantBits(BigInt.asIntN(64, digits >> 64n).toString());
  halves.setLeastSignificantBits(BigInt.asIntN(64, digits).toString());
  return refused(
    'Timeout',
    new shared.Timeout().serializeBinary(),
    codePb.Code.DEADLINE_EXCEEDED,
    'Timeout',
  ).setCorrelationId(new shared.UUID().setStructured(halves));
};

/** Called when the test is over, before what was given earlier. */
export const closeAfterwards = (close: () => unknown): void => {
  onTestFinished(async () => {
    await close();
  });
};

/** A server until the test is over. */
export const serving = async (behaviour: WireBehaviour) => {
  const server = await startWireServer(behaviour);
  closeAfterwards(server.stop);
  return server;
};

/** A log on such a server. */
export const connected = async (behaviour: WireBehaviour): Promise<EsdbEventLog> => {
  const log = EsdbEventLog.connect((await serving(behaviour)).url);
  closeAfterwards(() => log.close());
  return log;
};

/** The answer to a read that finds one event. */
export const foundEvent = (id: string, revision: number, commit: number, type = 'Counted') => {
  const event = new streams.ReadResp.ReadEvent.RecordedEvent();
  event.setId(new shared.UUID().setString(id));
  event.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('counter-w')));
  event.setStreamRevision(String(revision));
  event.setCommitPosition(String(commit));
  event.setPreparePosition(String(commit));
  event
    .getMetadataMap()
    .set('type', type)
    .set('content-type', 'application/json')
    .set('created', '17000000000000000');
  event.setData(Buffer.from('{"by":1}'));
  event.setCustomMetadata(Buffer.from('{}'));
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(event);
  read.setCommitPosition(String(commit));
  return new streams.ReadResp().setEvent(read);
};
