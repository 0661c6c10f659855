import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';

/** The version of the protocol that is spoken, in the real store's numbering. */
const VERSION = '23.10.0';

const STREAMS = 'event_store.client.streams.streams';
const supported: readonly (readonly [service: string, method: string, features: string[]])[] = [
  [STREAMS, 'read', ['position', 'events']],
  [STREAMS, 'append', []],
  [STREAMS, 'batchappend', ['deadline_duration']],
  [STREAMS, 'delete', []],
  [STREAMS, 'tombstone', []],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods', []],
];

/** Tells clients what they may call; they take the fast append only when it is listed. */
export const getSupportedMethods = (
  _call: ServerUnaryCall<unknown, features.SupportedMethods>,
  reply: sendUnaryData<features.SupportedMethods>,
): void => {
  const methods = supported.map(([service, method, names]) =>
    new features.SupportedMethod()
      .setServiceName(service)
      .setMethodName(method)
      .setFeaturesList(names),
  );
  reply(
    null,
    new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion(VERSION),
  );
};
