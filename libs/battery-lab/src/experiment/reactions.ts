import type { AlarmKind } from '../alarm/events.js';
import { mayIssue } from './decide-instructions.js';
import type { InstructionKind } from './events.js';
import { type Experiment, hasEnded, mayEndNow, mustBeHeard } from './state.js';

/** What the supervision does next about an experiment. */
export type Reaction =
  | { readonly do: 'issue'; readonly kind: InstructionKind }
  | { readonly do: 'repeat'; readonly instruction: string; readonly attempt: number }
  | { readonly do: 'timeOut'; readonly instruction: string }
  | { readonly do: 'end' }
  | { readonly do: 'release' }
  | AlarmReaction;

/** Alarms of one `subject` are one: it is raised once, worsens and ends. */
export type AlarmReaction = {
  readonly do: 'raise' | 'escalate' | 'clear';
  readonly subject: string;
  readonly kind: AlarmKind;
  readonly message: string;
};

/** What is waited for an answer, in milliseconds, and how often it is sent. */
const answerMs = 5_000;
const maxAttempts = 4;
/** DESIGN 9: an output that must be off is confirmed within 2 s, or an alarm escalates. */
export const outputOffMs = 2_000;
const maxRepeatMs = 600_000;
/** After which a station that could not take an experiment is tried again, at first and at most. */
const [heldMs, maxHeldMs] = [10_000, 120_000];
/** The order in which the unit is told, where more than one is due. */
const order: readonly InstructionKind[] = [
  'stop',
  'output-off',
  'reset-trip',
  'confirm-limits',
  'start',
  'resume',
];

/** Clocks are read with some error. */
const aheadMs = 2_000;

/** In milliseconds. A time that lies ahead was written before a clock was set back: it was long ago. */
const since = (time: string, now: number): number => {
  const at = Date.parse(time);
  return at > now + aheadMs ? -Infinity : at;
};

/**
 * What is to be done about an experiment now, by its state alone: so it is the same after a crash, a replay or a second
 * delivery. `now` is the time of the server in milliseconds.
 */
export const reactionsTo = (state: Experiment, now: number): readonly Reaction[] => [
  ...instructionsOf(state, now),
  ...(mayEndNow(state) ? [{ do: 'end' } as const] : []),
  ...(hasEnded(state) ? [{ do: 'release' } as const] : []),
  ...alarmsOf(state, now),
];

/** When to look at it again though nothing happens, after `now`; undefined where there is nothing to wait for. */
export const dueAt = (state: Experiment, now: number): number | undefined => {
  const { open } = state;
  if (!open || hasEnded(state)) return undefined;
  const next = since(open.issuedAt, now) + waitMs(open);
  const escalation = since(open.firstAt, now) + outputOffMs;
  return state.output === 'on' && mustBeHeard(open.kind) && escalation > now
    ? Math.min(next, escalation)
    : next;
};

/** An output that does not go off is told soon again, and later less often: the unit may be away for long. */
const waitMs = ({ kind, attempt }: NonNullable<Experiment['open']>): number =>
  mustBeHeard(kind) ? Math.min(1_000 * 2 ** (attempt - 1), maxRepeatMs) : answerMs;

const instructionsOf = (state: Experiment, now: number): readonly Reaction[] => {
  const { open } = state;
  const isWaitedFor = open !== null && now < since(open.issuedAt, now) + waitMs(open);
  const kind = order.find((one) => mayIssue(one, state));
  if (kind && !(kind === open?.kind && isWaitedFor)) return [{ do: 'issue', kind }];
  if (!open || hasEnded(state) || isWaitedFor) return [];
  const { instruction, attempt } = open;
  return mustBeHeard(open.kind) || attempt < maxAttempts
    ? [{ do: 'repeat', instruction, attempt: attempt + 1 }]
    : [{ do: 'timeOut', instruction }];
};

/** When a station that could not take the experiment is tried again; undefined where it was not so. */
export const heldUntil = ({ held, isHeld }: Experiment, now: number): number | undefined =>
  held && isHeld
    ? since(held.at, now) + Math.min(heldMs * 2 ** (held.attempts - 1), maxHeldMs)
    : undefined;

const alarmsOf = (state: Experiment, now: number): readonly AlarmReaction[] => {
  const { trips, trip, interruptions, status, open, lastOutputOff, output, ending } = state;
  const alarms: AlarmReaction[] = [...alarmsOfQueue(state)];
  for (const number of upTo(trips)) {
    const of = { subject: `trip ${String(number)}`, kind: 'safetyTrip' } as const;
    alarms.push(
      trip && number === trips && !hasEnded(state)
        ? { do: 'raise', ...of, message: trip.message }
        : { do: 'clear', ...of, message: 'the trip was reset, or the experiment has ended' },
    );
  }
  for (const number of upTo(interruptions)) {
    const of = { subject: `interruption ${String(number)}`, kind: 'unitLost' } as const;
    alarms.push(
      status === 'interrupted' && number === interruptions
        ? { do: 'raise', ...of, message: 'the program was interrupted: resume or abort it' }
        : { do: 'clear', ...of, message: 'the program goes on, or the experiment has ended' },
    );
  }
  if (lastOutputOff !== null) {
    const of = { subject: `output ${lastOutputOff}`, kind: 'outputOffNotConfirmed' } as const;
    const isLate =
      output === 'on' &&
      open !== null &&
      mustBeHeard(open.kind) &&
      now >= since(open.firstAt, now) + outputOffMs;
    const message = 'the unit has not confirmed within 2 s that the output is off';
    if (isLate) alarms.push({ do: 'raise', ...of, message }, { do: 'escalate', ...of, message });
    if (output === 'off') alarms.push({ do: 'clear', ...of, message: 'the output is off' });
  }
  alarms.push(...alarmsOfFound(state));
  if (ending?.as === 'failed') {
    const message = ending.message ?? 'the experiment has failed';
    alarms.push({ do: 'raise', subject: 'failure', kind: 'experimentFailed', message });
  }
  return alarms;
};

/** Each may have been followed by the next at once, before anybody has looked: those before the newest are over too. */
const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1);

const alarmsOfQueue = ({ held, isHeld }: Experiment): readonly AlarmReaction[] => {
  if (!held) return [];
  const of = { subject: 'queue', kind: 'queueHeld' } as const;
  return isHeld
    ? [{ do: 'raise', ...of, message: `the queue of the station is held: ${held.reason}` }]
    : [{ do: 'clear', ...of, message: 'the station has taken the experiment, or it has ended' }];
};

/** Of an output that is on where it must be off: for everybody who can be there. */
const alarmsOfFound = (state: Experiment): readonly AlarmReaction[] => {
  const { foundOn, runsOn, output, open, trip } = state;
  const alarms: AlarmReaction[] = [];
  const kind = 'outputOffNotConfirmed';
  if (foundOn !== null) {
    const of = { subject: `found on ${String(foundOn)}`, kind } as const;
    alarms.push(
      output === 'on'
        ? { do: 'raise', ...of, message: trip?.message ?? 'the output is on' }
        : { do: 'clear', ...of, message: 'the output is off' },
    );
  }
  if (runsOn !== null) {
    const of = { subject: `runs on ${runsOn}`, kind } as const;
    alarms.push(
      open
        ? { do: 'raise', ...of, message: 'the experiment has ended, and its unit still runs it' }
        : { do: 'clear', ...of, message: 'the unit has left it' },
    );
  }
  return alarms;
};
