import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { relayDecider } from './decider.js';
import { relayEvents } from './events.js';

const {
  RelayPaused: relayPaused,
  RelayResumed: relayResumed,
  RelayTopicReset: relayTopicReset,
} = exampleEvents(relayEvents);

const given = givenFor(relayDecider);
const why = commandMeta({ reason: 'the brokers are moved' });
const pause = (meta = why) => ({ type: 'PauseRelay', data: {}, meta }) as const;
const resume = (meta = why) => ({ type: 'ResumeRelay', data: {}, meta }) as const;
const reset = (meta = why) =>
  ({ type: 'ResetRelayTopic', data: relayTopicReset.data, meta }) as const;

describe('the control of the relay', () => {
  it('pauses once, with a reason', () => {
    expect(given().when(pause()).then(relayPaused)).toEqual({ paused: true });
    given(relayPaused).when(pause()).thenNothing();
    given().when(pause(commandMeta())).thenRefused('REASON_MISSING');
    given()
      .when(pause(commandMeta({ reason: '  ' })))
      .thenRefused('REASON_MISSING');
  });

  it('resumes what is paused, with a reason or without', () => {
    given(relayPaused).when(resume(commandMeta())).then(relayResumed);
    given().when(resume()).thenNothing();
    given(relayPaused, relayResumed).when(resume()).thenNothing();
  });

  it('resets a topic as often as it is asked to, paused or not', () => {
    given().when(reset()).then(relayTopicReset);
    given(relayTopicReset).when(reset()).then(relayTopicReset);
    expect(given(relayPaused).when(reset()).then(relayTopicReset)).toEqual({ paused: true });
    given().when(reset(commandMeta())).thenRefused('REASON_MISSING');
  });
});
