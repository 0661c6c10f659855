import { readFileSync } from 'node:fs';

import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { append } from './append.js';
import { batchAppend } from './batch-append.js';
import { batchRequest } from './batch-request.js';
import { deleteStream, tombstoneStream } from './delete.js';
import type { Node } from './node.js';
import { read } from './read.js';
import { getSupportedMethods } from './server-features.js';
import { isWellFormed, shapes } from './well-formed.js';

const MESSAGE_BYTES = 17 * 1024 * 1024;
/** Calls over one connection; more of them wait. */
const MAX_CALLS = 100;

const asEncoded = (bytes: Buffer): Buffer => bytes;

/** The generated decoder behind a check of the bytes; what fails ends the call with INTERNAL. */
const checked = <Method extends Pick<MethodDefinition<unknown, unknown>, 'requestDeserialize'>>(
  method: Method,
  shape: Parameters<typeof isWellFormed>[1],
): Method => ({
  ...method,
  requestDeserialize: (bytes) => {
    if (!isWellFormed(bytes, shape)) throw new Error('malformed message');
    return method.requestDeserialize(bytes);
  },
});

const generated = services.StreamsService;

/** Answers of read and batchAppend are written by hand; everything else goes through the generated code. */
const streamsService: ServiceDefinition = {
  ...generated,
  read: { ...checked(generated.read, shapes.read), responseSerialize: asEncoded },
  append: checked(generated.append, shapes.append),
  batchAppend: {
    ...checked({ ...generated.batchAppend, requestDeserialize: batchRequest }, shapes.batchAppend),
    responseSerialize: asEncoded,
  },
  delete: checked(generated.delete, shapes.delete),
  tombstone: checked(generated.tombstone, shapes.tombstone),
};

/** What the node shows to its clients, and wants to see of them: paths of PEM files. */
export interface ServerCertificates {
  readonly ca: string;
  readonly nodeCertificate: string;
  readonly nodeKey: string;
}

/** Refuses whoever shows no certificate of our own authority, in the handshake. */
class MutualTls extends ServerCredentials {
  constructor({ ca, nodeCertificate, nodeKey }: ServerCertificates) {
    super(
      { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
      { ca: readFileSync(ca), cert: readFileSync(nodeCertificate), key: readFileSync(nodeKey) },
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

/** Starts to serve; resolves with the port. What is not listed here answers UNIMPLEMENTED. */
export const serve = async (
  node: Node,
  host: string,
  port: number,
  certificates: ServerCertificates,
): Promise<{ server: Server; port: number }> => {
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_CALLS,
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
      new MutualTls(certificates),
      (error: Error | null, actual) => (error === null ? resolve(actual) : reject(error)),
    );
  });
  return { server, port: bound };
};
