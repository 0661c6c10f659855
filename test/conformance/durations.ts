import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { BinaryWriter } from 'google-protobuf';
import Durations from 'google-protobuf/google/protobuf/duration_pb.js';

/** A batch append with a duration, as newer clients send it, which the generated code does not know. */
export const withDuration = (request: streams.BatchAppendReq, seconds: number): Buffer => {
  const options = new BinaryWriter();
  const duration = new Durations.Duration()
    .setSeconds(Math.trunc(seconds))
    .setNanos(Math.round((seconds % 1) * 1e9));
  options.writeMessage(7, duration, Durations.Duration.serializeBinaryToWriter);
  const encoded = Buffer.concat([
    request.getOptions()!.serializeBinary(),
    options.getResultBuffer(),
  ]);
  const rest = new streams.BatchAppendReq()
    .setCorrelationId(request.getCorrelationId())
    .setProposedMessagesList(request.getProposedMessagesList())
    .setIsFinal(request.getIsFinal())
    .serializeBinary();
  const whole = new BinaryWriter();
  whole.writeBytes(2, encoded);
  return Buffer.concat([whole.getResultBuffer(), rest]);
};

/** A call of batch appends that takes them as bytes. */
export const openWithDurations = (
  client: StreamsClient,
): ClientDuplexStream<Buffer, streams.BatchAppendResp> =>
  client.makeBidiStreamRequest<Buffer, streams.BatchAppendResp>(
    '/event_store.client.streams.Streams/BatchAppend',
    (bytes) => bytes,
    (bytes) => streams.BatchAppendResp.deserializeBinary(bytes),
  );
