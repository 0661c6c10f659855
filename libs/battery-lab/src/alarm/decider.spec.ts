import { describe, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { type AlarmCommand, alarmDecider } from './decider.js';
import { alarmEvents } from './events.js';

const given = givenFor(alarmDecider);
const meta = commandMeta();
const {
  CyclerAlarmRaised: raised,
  CyclerAlarmEscalated: escalated,
  CyclerAlarmAcknowledged: acknowledged,
  CyclerAlarmCleared: cleared,
} = exampleEvents(alarmEvents);
const raise: AlarmCommand = { type: 'RaiseAlarm', data: raised.data, meta };
const escalate: AlarmCommand = { type: 'EscalateAlarm', data: escalated.data, meta };
const acknowledge: AlarmCommand = { type: 'AcknowledgeAlarm', data: acknowledged.data, meta };
const clear: AlarmCommand = { type: 'ClearAlarm', data: cleared.data, meta };

describe('an alarm', () => {
  it('is raised once', () => {
    given().when(raise).then(raised);
    given(raised).when(raise).thenNothing();
    given(raised, cleared).when(raise).thenNothing();
  });

  it('is escalated once, while what it is about lasts', () => {
    given(raised).when(escalate).then(escalated);
    given(raised, escalated).when(escalate).thenNothing();
    given(raised, cleared).when(escalate).thenNothing();
  });

  it('is acknowledged by a person, also when it is over', () => {
    given(raised).when(acknowledge).then(acknowledged);
    given(raised, acknowledged).when(acknowledge).thenNothing();
    given(raised, cleared).when(acknowledge).then(acknowledged);
  });

  it('of an experiment that has failed is over as soon as a person knows of it', () => {
    const failed = { ...raised, data: { ...raised.data, kind: 'experimentFailed' } } as const;
    const over = { ...cleared, data: { message: 'a person knows of it' } };
    given(failed).when(acknowledge).then(acknowledged, over);
    given(failed, cleared).when(acknowledge).then(acknowledged);
  });

  it('is cleared once, acknowledged or not', () => {
    given(raised).when(clear).then(cleared);
    given(raised, acknowledged, cleared).when(clear).thenNothing();
  });

  it('is known before it worsens or a person knows of it', () => {
    given().when(clear).thenNothing();
    for (const command of [escalate, acknowledge]) {
      given().when(command).thenRefused('ALARM_UNKNOWN');
    }
  });
});
