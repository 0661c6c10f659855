import { describe, expect, it } from '@jest/globals';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { PauseRelay, ResetRelayTopic, ResumeRelay } from './commands.js';
import { relayDecider } from './decider.js';
import { relayEvents } from './events.js';

const {
  RelayPaused: relayPaused,
  RelayResumed: relayResumed,
  RelayTopicReset: relayTopicReset,
} = exampleEvents(relayEvents);

const given = givenFor(relayDecider);
const why = commandMeta({ reason: 'the brokers are moved' });

describe('the control of the relay', () => {
  it('pauses once, with a reason', () => {
    expect(given().when(new PauseRelay(why)).then(relayPaused)).toEqual({ paused: true });
    given(relayPaused).when(new PauseRelay(why)).thenNothing();
    given().when(new PauseRelay(commandMeta())).thenRefused('REASON_MISSING');
    given()
      .when(new PauseRelay(commandMeta({ reason: '  ' })))
      .thenRefused('REASON_MISSING');
  });

  it('resumes what is paused, with a reason or without', () => {
    given(relayPaused).when(new ResumeRelay(commandMeta())).then(relayResumed);
    given().when(new ResumeRelay(why)).thenNothing();
    given(relayPaused, relayResumed).when(new ResumeRelay(why)).thenNothing();
  });

  it('resets a topic as often as it is asked to, paused or not', () => {
    const reset = new ResetRelayTopic(relayTopicReset.data, why);
    given().when(reset).then(relayTopicReset);
    given(relayTopicReset).when(reset).then(relayTopicReset);
    expect(given(relayPaused).when(reset).then(relayTopicReset)).toEqual({ paused: true });
    given()
      .when(new ResetRelayTopic(relayTopicReset.data, commandMeta()))
      .thenRefused('REASON_MISSING');
  });
});
