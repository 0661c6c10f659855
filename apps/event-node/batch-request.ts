import streams from '@eventstore/db-client/generated/streams_pb.js';
import { BinaryReader } from 'google-protobuf';
import Durations from 'google-protobuf/google/protobuf/duration_pb.js';

/** A message of a batch append, with the field of its options that the generated code does not know. */
export interface BatchRequest {
  readonly message: streams.BatchAppendReq;
  /** How long the append may take, in the form that newer clients send. */
  readonly durationMs: number | undefined;
}

const OPTIONS = 2;
const DEADLINE_DURATION = 7;

/** Of a duration, or of a time since 1970. */
export const millisecondsOf = (time: { getSeconds(): number; getNanos(): number }): number =>
  time.getSeconds() * 1000 + time.getNanos() / 1e6;

/** Decodes a message whose form was checked. */
export const batchRequest = (bytes: Uint8Array): BatchRequest => ({
  message: streams.BatchAppendReq.deserializeBinary(bytes),
  durationMs: durationIn(bytes),
});

const durationIn = (bytes: Uint8Array): number | undefined => {
  let milliseconds: number | undefined;
  const options = (_: unknown, reader: BinaryReader): void => {
    eachField(reader, DEADLINE_DURATION, () => {
      const duration = new Durations.Duration();
      reader.readMessage(duration, () =>
        Durations.Duration.deserializeBinaryFromReader(duration, reader),
      );
      milliseconds = millisecondsOf(duration);
    });
  };
  const reader = new BinaryReader(bytes);
  eachField(reader, OPTIONS, () => void reader.readMessage(undefined, options));
  return milliseconds;
};

const eachField = (reader: BinaryReader, wanted: number, take: () => void): void => {
  while (reader.nextField() && !reader.isEndGroup()) {
    if (reader.getFieldNumber() === wanted) take();
    else reader.skipField();
  }
};
