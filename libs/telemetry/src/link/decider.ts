import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';

import { linkCategory, type LinkEvent, linkEvents } from './events.js';

type DataOf<T extends LinkEvent['type']> = Extract<LinkEvent, { type: T }>['data'];

/** Numbers of a session, the first and the last among them. */
export interface Gap {
  readonly session: string;
  readonly from: number;
  readonly to: number;
}

export interface MissedGap extends Gap {
  /** How often the device was asked to send it again. */
  readonly asked: number;
}

export type LinkCommand = CommandOf<{
  NoteBirth: DataOf<'DeviceBorn'>;
  NoteState: DataOf<'DeviceStateReported'>;
  NoteMissed: { readonly gaps: readonly Gap[] };
  /** After the device was asked for them. */
  NoteResendRequested: { readonly gaps: readonly Gap[] };
  NoteRecovered: { readonly session: string; readonly numbers: readonly number[] };
  CountIntake: DataOf<'IntakeCounted'>;
}>;

export interface LinkState {
  readonly session: string | undefined;
  readonly state: 'online' | 'offline' | undefined;
  /** What is missed, the newest last. */
  readonly missed: readonly MissedGap[];
}

/** A device that does not send again what it was asked for so often does not have it any more. */
export const maxAsked = 3;

/**
 * Older ones stay in the log; whether they arrive is not followed any more. What arrives of a gap may leave
 * two: without a bound, every other message of a long gap would.
 */
const maxMissed = 64;

const isWithin = (inner: Gap, outer: Gap): boolean =>
  inner.session === outer.session && outer.from <= inner.from && inner.to <= outer.to;

/** What is left of a gap without these numbers. */
const without = (gap: MissedGap, { session, from, to }: Gap): MissedGap[] => {
  if (session !== gap.session || to < gap.from || from > gap.to) return [gap];
  const before = { ...gap, to: from - 1 };
  const after = { ...gap, from: to + 1 };
  return [before, after].filter((rest) => rest.from <= rest.to);
};

/** The numbers that were missed, in runs. */
const recovered = (session: string, numbers: readonly number[], missed: readonly Gap[]): Gap[] => {
  const found = [...new Set(numbers)]
    .filter((seq) => missed.some((gap) => isWithin({ session, from: seq, to: seq }, gap)))
    .sort((one, other) => one - other);
  const runs: Gap[] = [];
  for (const seq of found) {
    const last = runs.at(-1);
    if (last?.to === seq - 1) runs[runs.length - 1] = { ...last, to: seq };
    else runs.push({ session, from: seq, to: seq });
  }
  return runs;
};

export const linkDecider: Decider<LinkState, LinkCommand, LinkEvent> = {
  category: linkCategory,
  events: linkEvents,
  initialState: { session: undefined, state: undefined, missed: [] },
  decide({ type, data }, state) {
    switch (type) {
      case 'NoteBirth':
        return data.session === state.session ? [] : [{ type: 'DeviceBorn', data }];
      case 'NoteState':
        return data.state === state.state ? [] : [{ type: 'DeviceStateReported', data }];
      case 'NoteMissed':
        return data.gaps
          .filter((gap) => !state.missed.some((known) => isWithin(gap, known)))
          .map((gap) => ({ type: 'MessagesMissed', data: gap }));
      case 'NoteResendRequested':
        return data.gaps
          .filter((gap) =>
            state.missed.some((known) => known.asked < maxAsked && isWithin(gap, known)),
          )
          .map((gap) => ({ type: 'ResendRequested', data: gap }));
      case 'NoteRecovered':
        return recovered(data.session, data.numbers, state.missed).map((gap) => ({
          type: 'MessagesRecovered',
          data: gap,
        }));
      case 'CountIntake':
        // Each of several processes may have something to count of one minute: it adds up.
        return [{ type: 'IntakeCounted', data }];
    }
  },
  evolve(state, { type, data }) {
    switch (type) {
      case 'DeviceBorn':
        // Who begins a session is there, whatever the last will of the one before said.
        return { ...state, session: data.session, state: 'online' };
      case 'DeviceStateReported':
        return { ...state, state: data.state };
      case 'MessagesMissed':
        return { ...state, missed: [...state.missed, { ...data, asked: 0 }].slice(-maxMissed) };
      case 'ResendRequested':
        return {
          ...state,
          missed: state.missed.map((gap) =>
            isWithin(gap, data) ? { ...gap, asked: gap.asked + 1 } : gap,
          ),
        };
      case 'MessagesRecovered': {
        const left = state.missed.flatMap((gap) => without(gap, data));
        return { ...state, missed: left.slice(-maxMissed) };
      }
      case 'IntakeCounted':
        return state;
    }
  },
};
