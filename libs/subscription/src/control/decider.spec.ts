import { describe, expect, it } from 'vitest';

import { commandMeta, givenFor } from '#testing/decider-spec.js';

import {
  DiscardParkedEvent,
  DropProjectionVersion,
  PauseSubscription,
  RebuildProjection,
  ResetSubscription,
  ResumeSubscription,
  RetryParkedEvents,
} from './commands.js';
import { controlDecider } from './decider.js';
import type { ParkedFacts } from './events.js';

const given = givenFor(controlDecider);
const meta = commandMeta({ reason: 'the handler forgot a column' });
const reset = (to: string | null, commandMetadata = meta) =>
  new ResetSubscription({ to }, commandMetadata);
const wasReset = (to: string | null) => ({ type: 'SubscriptionReset', data: { to } }) as const;

const parked: ParkedFacts = {
  scope: 'voltrace.counter.v1',
  key: 'counter-a',
  eventId: '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e11',
  type: 'voltrace.counter.Counted.v1',
  error: 'Error: it fails',
};

describe('the control of a subscription', () => {
  it.each(['1234', '0', '9'.repeat(19), null])('resets to %s', (to) => {
    given().when(reset(to)).then(wasReset(to));
  });

  it('resets as often as it is asked', () => {
    given(wasReset('7')).when(reset('7')).then(wasReset('7'));
  });

  it.each(['', '-1', '01', '1.5', 'start', '9'.repeat(20)])(
    'takes no "%s" for a position',
    (to) => {
      const refusal = given().when(reset(to)).thenRefused('POSITION_INVALID');
      expect(refusal.details.errors?.[0]?.pointer).toBe('/to');
    },
  );

  it.each([undefined, ' '])('asks why it is reset (%p)', (reason) => {
    const without = commandMeta(reason === undefined ? {} : { reason });
    const refusal = given().when(reset('1', without)).thenRefused('REASON_MISSING');
    expect(refusal.details.errors?.[0]?.pointer).toBe('/reason');
  });

  it('retries the parked events of one key, and all of them', () => {
    for (const one of [parked, null]) {
      given()
        .when(new RetryParkedEvents({ parked: one }, commandMeta()))
        .then({ type: 'ParkedEventsRetried', data: { parked: one } });
    }
  });

  it('gives a parked event up, for a reason', () => {
    const discard = (metadata = meta) => new DiscardParkedEvent({ parked }, metadata);
    given().when(discard()).then({ type: 'ParkedEventDiscarded', data: { parked } });
    const refusal = given().when(discard(commandMeta())).thenRefused('REASON_MISSING');
    expect(refusal.details.errors?.[0]?.pointer).toBe('/reason');
  });

  it.each([
    ['SubscriptionPaused', PauseSubscription],
    ['SubscriptionResumed', ResumeSubscription],
    ['ProjectionRebuildRequested', RebuildProjection],
    ['ProjectionVersionDropped', DropProjectionVersion],
  ] as const)('says of which version it is asked: %s', (type, Command) => {
    const data = { version: 7 };
    given().when(new Command(data, commandMeta())).then({ type, data });
  });
});
