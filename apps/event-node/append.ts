import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { sendUnaryData, ServerReadableStream } from '@grpc/grpc-js';

import { ProposedEvents, writeTimeoutMs } from './append-limits.js';
import { expectation, proposedEvent, streamName } from './decode.js';
import { writable } from './derived-streams.js';
import type { Expected } from './event.js';
import { answerTo, IncompleteRequest, streamDeleted, timedOut, unavailable } from './failure.js';
import type { Node } from './node.js';
import type { WriteOutcome } from './write-request.js';

type Call = ServerReadableStream<streams.AppendReq, streams.AppendResp>;
type Reply = sendUnaryData<streams.AppendResp>;

interface Target {
  readonly stream: string;
  readonly expected: Expected;
}

/** One append per call: options first, then one message per event. */
export const append = (node: Node) => (call: Call, reply: Reply) => {
  const proposed = new ProposedEvents(node.maxAppendBytes);
  let target: Target | undefined;
  let answered = false;
  const fail = (error: unknown): void => {
    if (answered) return;
    answered = true;
    const failure = answerTo(error, node);
    if (failure !== undefined) reply(failure);
  };
  call.on('data', (request: streams.AppendReq) => {
    if (answered) return;
    try {
      const message = request.getProposedMessage();
      if (request.hasOptions()) target = targetOf(request.getOptions());
      else if (target === undefined) throw optionsMissing();
      else if (message !== undefined) proposed.add(proposedEvent(message));
    } catch (error) {
      fail(error);
    }
  });
  call.on('error', () => (answered = true));
  call.on('cancelled', () => (answered = true));
  call.on('end', () => {
    if (answered) return;
    if (target === undefined) {
      fail(optionsMissing());
      return;
    }
    const { stream, expected } = target;
    node.writer.submit(
      { kind: 'append', stream, expected, events: proposed.events },
      { bytes: proposed.bytes, timeoutMs: writeTimeoutMs(node) },
      (outcome) => {
        try {
          reply(null, response({ stream, expected }, outcome));
        } catch (error) {
          fail(error);
        }
      },
    );
  });
};

const optionsMissing = (): IncompleteRequest =>
  new IncompleteRequest('The options of the append are missing, with which it begins.');

const targetOf = (options: streams.AppendReq.Options | undefined): Target => {
  if (options === undefined) throw optionsMissing();
  const revision = options.hasRevision() ? options.getRevision() : undefined;
  return {
    stream: writable(streamName(options.getStreamIdentifier()?.getStreamName_asU8())),
    expected: expectation(options, revision),
  };
};

const response = ({ stream, expected }: Target, outcome: WriteOutcome): streams.AppendResp => {
  switch (outcome.kind) {
    case 'written':
      return new streams.AppendResp().setSuccess(success(outcome));
    case 'wrong-version':
      return new streams.AppendResp().setWrongExpectedVersion(
        wrongVersion(expected, outcome.current),
      );
    case 'deleted':
      throw streamDeleted(stream);
    case 'timeout':
      throw timedOut();
    case 'unavailable':
      throw unavailable(outcome.message);
  }
};

const success = ({
  revision,
  position,
}: WriteOutcome & { kind: 'written' }): streams.AppendResp.Success => {
  const message = new streams.AppendResp.Success();
  if (revision < 0n) message.setNoStream(new shared.Empty());
  else message.setCurrentRevision(revision.toString());
  if (position === undefined) return message.setNoPosition(new shared.Empty());
  const at = new streams.AppendResp.Position()
    .setCommitPosition(position.toString())
    .setPreparePosition(position.toString());
  return message.setPosition(at);
};

/** Both the fields of today and those of before 20.6. */
const wrongVersion = (
  expected: Expected,
  current: bigint,
): streams.AppendResp.WrongExpectedVersion => {
  const message = new streams.AppendResp.WrongExpectedVersion();
  if (current < 0n) {
    message.setCurrentNoStream(new shared.Empty()).setNoStream2060(new shared.Empty());
  } else {
    message.setCurrentRevision(current.toString()).setCurrentRevision2060(Number(current));
  }
  switch (expected) {
    case 'any':
      return message.setExpectedAny(new shared.Empty()).setAny2060(new shared.Empty());
    case 'stream_exists':
      return message
        .setExpectedStreamExists(new shared.Empty())
        .setStreamExists2060(new shared.Empty());
    case 'no_stream':
      return message.setExpectedNoStream(new shared.Empty());
    default:
      return message
        .setExpectedRevision(expected.toString())
        .setExpectedRevision2060(Math.min(Number(expected), Number.MAX_SAFE_INTEGER));
  }
};
