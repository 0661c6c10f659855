import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { append } from './append.js';
import { batchAppend } from './batch-append.js';
import { deleteStream, tombstoneStream } from './delete.js';
import type { Node } from './node.js';
import { read } from './read.js';
import { getSupportedMethods } from './server-features.js';

const MESSAGE_BYTES = 17 * 1024 * 1024;

const asEncoded = (bytes: Buffer): Buffer => bytes;

/** Answers of these two are written by hand; everything else goes through the generated code. */
const streamsService: ServiceDefinition = {
  ...services.StreamsService,
  read: { ...services.StreamsService.read, responseSerialize: asEncoded },
  batchAppend: { ...services.StreamsService.batchAppend, responseSerialize: asEncoded },
};

/** Starts to serve; resolves with the port. What is not listed here answers UNIMPLEMENTED. */
export const serve = async (
  node: Node,
  host: string,
  port: number,
): Promise<{ server: Server; port: number }> => {
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.enable_channelz': 0,
  });
  const implementation: UntypedServiceImplementation = {
    read: read(node),
    append: append(node),
    batchAppend: batchAppend(node),
    delete: deleteStream(node),
    tombstone: tombstoneStream(node),
  };
  server.addService(streamsService, implementation);
  server.addService(features.ServerFeaturesService, { getSupportedMethods });
  const address = host.includes(':') ? `[${host}]` : host;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `${address}:${port}`,
      ServerCredentials.createInsecure(),
      (error: Error | null, actual) => (error === null ? resolve(actual) : reject(error)),
    );
  });
  return { server, port: bound };
};
