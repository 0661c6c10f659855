import type { Command, CommandMeta } from '#kernel/command.js';

import type { ControlEvent, ControlEventOf } from './events.js';

abstract class ControlCommand<T extends ControlEvent['type']> {
  constructor(
    readonly data: ControlEventOf<T>['data'],
    readonly meta: CommandMeta,
  ) {}
}

export class ResetSubscription extends ControlCommand<'SubscriptionReset'> {
  readonly type = 'ResetSubscription';
}

export class PauseSubscription extends ControlCommand<'SubscriptionPaused'> {
  readonly type = 'PauseSubscription';
}

export class ResumeSubscription extends ControlCommand<'SubscriptionResumed'> {
  readonly type = 'ResumeSubscription';
}

export class RebuildProjection extends ControlCommand<'ProjectionRebuildRequested'> {
  readonly type = 'RebuildProjection';
}

export class DropProjectionVersion extends ControlCommand<'ProjectionVersionDropped'> {
  readonly type = 'DropProjectionVersion';
}

export class RetryParkedEvents extends ControlCommand<'ParkedEventsRetried'> {
  readonly type = 'RetryParkedEvents';
}

export class DiscardParkedEvent extends ControlCommand<'ParkedEventDiscarded'> {
  readonly type = 'DiscardParkedEvent';
}

export type SubscriptionCommand = (
  | ResetSubscription
  | PauseSubscription
  | ResumeSubscription
  | RebuildProjection
  | DropProjectionVersion
  | RetryParkedEvents
  | DiscardParkedEvent
) &
  Command;
