import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

import type { Position, ReadAllOptions, ReadOptions } from './event-log.js';

const { Options } = streams.ReadReq;
/** As the server's own client asks for "all". */
const noLimit = Number.MAX_SAFE_INTEGER;
/** A subscription hears how far the log was searched after so many events, times the server's 32. */
const checkpointInterval = 100;

const directionOf = (direction: ReadOptions['direction']): streams.ReadReq.Options.ReadDirection =>
  Options.ReadDirection[direction === 'backwards' ? 'BACKWARDS' : 'FORWARDS'];

const withIdsAsText = (options: streams.ReadReq.Options): streams.ReadReq => {
  options.setUuidOption(new Options.UUIDOption().setString(new shared.Empty()));
  return new streams.ReadReq().setOptions(options);
};

/** Of one stream; from its beginning, or backwards from its end, where `from` is absent. */
export const streamRequest = (
  stream: string,
  { from, direction, limit = noLimit }: ReadOptions,
): streams.ReadReq => {
  const source = new Options.StreamOptions();
  source.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  if (from !== undefined) source.setRevision(from.toString());
  else if (direction === 'backwards') source.setEnd(new shared.Empty());
  else source.setStart(new shared.Empty());
  const options = new Options().setStream(source).setNoFilter(new shared.Empty());
  return withIdsAsText(options.setReadDirection(directionOf(direction)).setCount(String(limit)));
};

const allFrom = (
  from: Position | undefined,
  direction: ReadOptions['direction'],
): streams.ReadReq.Options.AllOptions => {
  const source = new Options.AllOptions();
  if (from) {
    const position = new Options.Position().setCommitPosition(from.commit.toString());
    return source.setPosition(position.setPreparePosition(from.prepare.toString()));
  }
  return direction === 'backwards'
    ? source.setEnd(new shared.Empty())
    : source.setStart(new shared.Empty());
};

/** A page of `$all`: what lies at `after` is sent once more by a read forwards. */
export const allRequest = ({ after, direction, limit }: ReadAllOptions): streams.ReadReq => {
  const options = new Options().setAll(allFrom(after, direction)).setNoFilter(new shared.Empty());
  return withIdsAsText(options.setReadDirection(directionOf(direction)).setCount(String(limit)));
};

/** What lies after a position and everything that comes, without system events. */
export const subscriptionRequest = (after: Position | undefined): streams.ReadReq => {
  const filter = new Options.FilterOptions().setCount(new shared.Empty());
  filter.setEventType(new Options.FilterOptions.Expression().setRegex('^[^$].*'));
  filter.setCheckpointintervalmultiplier(checkpointInterval);
  const options = new Options().setAll(allFrom(after, 'forwards')).setFilter(filter);
  return withIdsAsText(options.setSubscription(new Options.SubscriptionOptions()));
};
