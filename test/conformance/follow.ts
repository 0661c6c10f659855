import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type EventStoreDBClient,
  type Position,
  type ResolvedEvent,
  TimeoutError,
} from '@eventstore/db-client';

import { isOwn } from './support.js';

/** A follower, and what came to it so far. */
export interface Followed<E> {
  readonly events: E[];
  confirmed: number;
  caughtUp: number;
  /** What of this came when. */
  readonly steps: ('confirmed' | 'event' | 'caughtUp')[];
  error: Error | undefined;
  /** Ends the subscription: a server keeps what is left to it. */
  stop(): Promise<void>;
}

type Subscription = NodeJS.EventEmitter & Pick<AllStreamSubscription, 'unsubscribe'>;
type AllOptions = Parameters<EventStoreDBClient['subscribeToAll']>[0];
type StreamOptions = Parameters<EventStoreDBClient['subscribeToStream']>[1];

/** How a server lets go of a live follower that is behind. It resumes: that is no failure. */
export const isTooSlow = (error: unknown): boolean =>
  error instanceof TimeoutError && /too slow/i.test(error.message);

export interface FollowOptions extends Omit<NonNullable<AllOptions>, 'fromPosition'> {
  readonly fromPosition: Position | 'end';
  /** Where to resume, if it is dropped before anything came; for who follows from the end. */
  readonly resumeFrom?: Position;
}

/** Follows `$all` from a position, keeping what comes of this file's own streams. */
export const follow = (
  client: EventStoreDBClient,
  { fromPosition, resumeFrom, ...options }: FollowOptions,
): Followed<AllStreamResolvedEvent> => {
  let last = fromPosition;
  return following<AllStreamResolvedEvent>(
    () => {
      const subscription = client.subscribeToAll({ ...options, fromPosition: last });
      last = resumeFrom !== undefined && last === fromPosition ? resumeFrom : last;
      return subscription;
    },
    (resolved) => {
      last = (resolved.link ?? resolved.event)?.position ?? last;
      return isOwn(resolved);
    },
  );
};

export interface FollowStreamOptions extends NonNullable<StreamOptions> {
  /** As in `FollowOptions`. */
  readonly resumeFrom?: bigint | 'start';
}

/** Follows one stream, from its start unless said otherwise. */
export const followStream = (
  client: EventStoreDBClient,
  stream: string,
  { fromRevision = 'start', resumeFrom, ...options }: FollowStreamOptions = {},
): Followed<ResolvedEvent> => {
  let last = fromRevision;
  return following<ResolvedEvent>(
    () => {
      const subscription = client.subscribeToStream(stream, { ...options, fromRevision: last });
      last = resumeFrom !== undefined && last === fromRevision ? resumeFrom : last;
      return subscription;
    },
    (resolved) => {
      last = (resolved.link ?? resolved.event)?.revision ?? last;
      return true;
    },
  );
};

const following = <E>(open: () => Subscription, keeps: (event: E) => boolean): Followed<E> => {
  let subscription: Subscription;
  const followed: Followed<E> = {
    events: [],
    confirmed: 0,
    caughtUp: 0,
    steps: [],
    error: undefined,
    stop: () => subscription.unsubscribe(),
  };
  const start = (): void => {
    subscription = open();
    subscription
      .on('confirmation', () => {
        followed.steps.push('confirmed');
        followed.confirmed += 1;
      })
      .on('caughtUp', () => {
        followed.steps.push('caughtUp');
        followed.caughtUp += 1;
      })
      .on('data', (event: E) => {
        if (!keeps(event)) return;
        followed.steps.push('event');
        followed.events.push(event);
      })
      .on('error', (error: Error) => {
        if (isTooSlow(error)) start();
        else followed.error = error;
      });
  };
  start();
  return followed;
};
