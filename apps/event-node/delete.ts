import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';

import { writeTimeoutMs } from './append-limits.js';
import { deletableStream, expectation } from './decode.js';
import { writable } from './derived-streams.js';
import type { Expected } from './event.js';
import {
  asCallFailure,
  type CallFailure,
  invalidArgument,
  streamDeleted,
  timedOut,
  unavailable,
  wrongExpectedVersion,
} from './failure.js';
import type { Node } from './node.js';
import type { WriteOutcome, WriteRequest } from './write-request.js';

/** Hides a stream until it is written again. */
export const deleteStream =
  (node: Node) =>
  (
    { request }: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>,
    reply: sendUnaryData<streams.DeleteResp>,
  ) => {
    run(node, 'delete', request.getOptions(), reply, (position) => {
      const response = new streams.DeleteResp();
      if (position === undefined) return response.setNoPosition(new shared.Empty());
      return response.setPosition(
        new streams.DeleteResp.Position().setCommitPosition(position).setPreparePosition(position),
      );
    });
  };

/** Ends a stream for good. */
export const tombstoneStream =
  (node: Node) =>
  (
    { request }: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>,
    reply: sendUnaryData<streams.TombstoneResp>,
  ) => {
    run(node, 'tombstone', request.getOptions(), reply, (position) => {
      const response = new streams.TombstoneResp();
      if (position === undefined) return response.setNoPosition(new shared.Empty());
      return response.setPosition(
        new streams.TombstoneResp.Position()
          .setCommitPosition(position)
          .setPreparePosition(position),
      );
    });
  };

const run = <T>(
  node: Node,
  kind: 'delete' | 'tombstone',
  options: streams.DeleteReq.Options | streams.TombstoneReq.Options | undefined,
  reply: sendUnaryData<T>,
  response: (position: string | undefined) => T,
): void => {
  let request: WriteRequest;
  try {
    if (options === undefined) throw invalidArgument('The options are missing.');
    const revision = options.hasRevision() ? options.getRevision() : undefined;
    request = {
      kind,
      stream: writable(deletableStream(options.getStreamIdentifier()?.getStreamName_asU8())),
      expected: expectation(options, revision),
    };
  } catch (error) {
    reply(asCallFailure(error, node.report));
    return;
  }
  const limits = { bytes: 0, timeoutMs: writeTimeoutMs(node) };
  node.writer.submit(request, limits, (outcome) => {
    if (outcome.kind === 'written') reply(null, response(outcome.position?.toString()));
    else reply(failureOf(request, outcome));
  });
};

const failureOf = (
  { stream, expected }: WriteRequest,
  outcome: Exclude<WriteOutcome, { kind: 'written' }>,
): CallFailure => {
  switch (outcome.kind) {
    case 'wrong-version':
      return wrongExpectedVersion(stream, numeric(expected), outcome.current);
    case 'deleted':
      return streamDeleted(stream);
    case 'timeout':
      return timedOut();
    case 'unavailable':
      return unavailable(outcome.message);
  }
};

/** The number by which the protocol's trailers name an expectation. */
const numeric = (expected: Expected): bigint => {
  switch (expected) {
    case 'any':
      return -2n;
    case 'no_stream':
      return -1n;
    case 'stream_exists':
      return -4n;
    default:
      return expected;
  }
};
