import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import type { ConfigurationEvent } from '#telemetry/configuration/events.js';
import type { LinkEvent } from '#telemetry/link/events.js';
import type { OccurrenceEvent } from '#telemetry/occurrence/events.js';
import type { QuarantineEvent } from '#telemetry/quarantine/events.js';
import type { SamplesEvent } from '#telemetry/samples/events.js';

import type { Gap, IntakeWork, LinkRow, Outcome, OutcomeRow, QuarantinedRow } from './rows.js';
import { cellOf, deviceOf, idOf } from './working-set.js';

type OwnEvent = QuarantineEvent | OccurrenceEvent | LinkEvent;
type AnyEvent = OwnEvent | ConfigurationEvent | SamplesEvent;
type Of<T extends AnyEvent['type']> = Extract<AnyEvent, { type: T }>['data'];
type Apply = (work: IntakeWork, event: StoredEvent) => void;

/** Of each device; older ones are in the log. */
const shownGaps = 100;

const timeOf = ({ created }: StoredEvent): string => created.toISOString();

const none: Pick<OutcomeRow, Outcome | 'reasons'> = {
  accepted: 0,
  duplicates: 0,
  quarantined: 0,
  rejected: 0,
  reasons: {},
};

const count = (
  { outcomes }: IntakeWork,
  event: StoredEvent,
  counted: Partial<Record<Outcome, number>>,
  reasons: Readonly<Record<string, string>> = {},
): void => {
  const cell = cellOf(event);
  const row = outcomes.get(cell.id) ?? { ...cell, ...none };
  const sums = Object.entries(counted).map(([name, more]) => [
    name,
    Number(row[name as Outcome]) + more,
  ]);
  const why = Object.entries(reasons).map(([code, often]) => [
    code,
    (row.reasons[code] ?? 0) + Number(often),
  ]);
  outcomes.set(row.id, {
    ...row,
    ...(Object.fromEntries(sums) as Partial<Record<Outcome, number>>),
    reasons: { ...row.reasons, ...(Object.fromEntries(why) as Record<string, number>) },
  });
};

/** Changes a message of the quarantine that is there. */
const quarantined =
  (change: (row: QuarantinedRow, event: StoredEvent) => Partial<QuarantinedRow>): Apply =>
  (work, event) => {
    const row = work.quarantined.get(idOf(event));
    if (!row) return;
    const revision = String(event.revision);
    work.quarantined.set(row.id, { ...row, ...change(row, event), revision });
  };

const settled = (state: string): Apply =>
  quarantined((_, event) => ({
    ...{ state, settled_at: timeOf(event), settled_by: event.metadata.actor.id },
    settled_reason: event.metadata.reason ?? null,
  }));

const ofQuarantine: Readonly<Record<QuarantineEvent['type'], Apply>> = {
  MessageQuarantined: (work, event) => {
    const { device, ...data } = event.data as Of<'MessageQuarantined'>;
    work.quarantined.set(idOf(event), {
      ...{ id: idOf(event), device_id: device, ...data, state: 'waiting', failed_replays: 0 },
      ...{ quarantined_at: timeOf(event), settled_at: null, settled_by: null },
      ...{ settled_reason: null, position: formatPosition(event.position) },
      revision: String(event.revision),
    });
    count(work, event, { quarantined: 1 });
  },
  QuarantinedReplayFailed: quarantined(({ failed_replays }, { data }) => ({
    problems: (data as Of<'QuarantinedReplayFailed'>).problems,
    failed_replays: Number(failed_replays) + 1,
  })),
  QuarantinedReplayed: settled('replayed'),
  QuarantinedDiscarded: settled('discarded'),
};

const unlinked = {
  ...{ session: null, born_at: null, properties: null, state: null, state_at: null },
  ...{ last_session: null, last_seq: null, last_at: null, missed: 0, recovered: 0, gaps: [] },
};

const link = (
  { links }: IntakeWork,
  event: StoredEvent,
  change: (row: LinkRow, at: string) => Partial<LinkRow>,
): void => {
  const id = deviceOf(event);
  const first_position = formatPosition(event.position);
  const row = links.get(id) ?? { id, ...unlinked, first_position };
  links.set(id, { ...row, ...change(row, timeOf(event)) });
};

const lengthOf = ({ from, to }: Pick<Gap, 'from' | 'to'>): number => to - from + 1;

/** The numbers that both hold. */
const shared = (gap: Gap, other: Pick<Gap, 'session' | 'from' | 'to'>): number =>
  gap.session === other.session
    ? Math.max(
        0,
        lengthOf({ from: Math.max(gap.from, other.from), to: Math.min(gap.to, other.to) }),
      )
    : 0;

const ofLinks: Readonly<Record<LinkEvent['type'], Apply>> = {
  DeviceBorn: (work, event) => {
    const { session, properties } = event.data as Of<'DeviceBorn'>;
    link(work, event, (_, at) => ({
      ...{ session, properties, born_at: at, state: 'online', state_at: at },
    }));
    count(work, event, { accepted: 1 });
  },
  DeviceStateReported: (work, event) => {
    const { state } = event.data as Of<'DeviceStateReported'>;
    link(work, event, (_, at) => ({ state, state_at: at }));
    count(work, event, { accepted: 1 });
  },
  MessagesMissed: (work, event) => {
    const { session, from, to } = event.data as Of<'MessagesMissed'>;
    link(work, event, ({ missed, gaps }, notedAt) => {
      const gap = { session, from, to, notedAt, askedAt: null, recovered: 0, recoveredAt: null };
      return {
        missed: String(BigInt(missed) + BigInt(lengthOf(gap))),
        gaps: [...gaps, gap].slice(-shownGaps),
      };
    });
  },
  ResendRequested: (work, event) => {
    const asked = event.data as Of<'ResendRequested'>;
    link(work, event, ({ gaps }, askedAt) => ({
      gaps: gaps.map((gap) => (shared(gap, asked) > 0 ? { ...gap, askedAt } : gap)),
    }));
  },
  MessagesRecovered: (work, event) => {
    const came = event.data as Of<'MessagesRecovered'>;
    link(work, event, ({ recovered, gaps }, recoveredAt) => ({
      recovered: String(BigInt(recovered) + BigInt(lengthOf(came))),
      gaps: gaps.map((gap) => {
        const more = shared(gap, came);
        return more === 0 ? gap : { ...gap, recovered: gap.recovered + more, recoveredAt };
      }),
    }));
  },
  IntakeCounted: (work, event) => {
    const { duplicates, rejected, reasons } = event.data as Of<'IntakeCounted'>;
    count(work, event, { duplicates, rejected }, reasons);
  },
};

/** The newest message, in the order of a session; one of a session before that is not the newest. */
const newest = (
  row: LinkRow,
  { session, seq }: Of<'SamplesRecorded'>['messages'][number],
  last_at: string,
): Partial<LinkRow> => {
  const isLate = session === row.last_session && seq <= Number(row.last_seq);
  const isOfFormer =
    row.session !== null && row.last_session === row.session && session !== row.session;
  return isLate || isOfFormer ? {} : { last_session: session, last_seq: seq, last_at };
};

const accepted: Apply = (work, event) => {
  if (event.metadata.source === 'mqtt') count(work, event, { accepted: 1 });
};

/** What each event changes. Complete for quarantine, occurrences and links: a new type of them fails to compile here. */
export const changes: Readonly<
  Record<OwnEvent['type'], Apply> & Partial<Record<AnyEvent['type'], Apply>>
> = {
  ...ofQuarantine,
  ...ofLinks,
  OccurrenceRecorded: (work, event) => {
    const { device, kind, at, details } = event.data as Of<'OccurrenceRecorded'>;
    work.occurrences.push({
      ...{ position: formatPosition(event.position), device_id: device, kind, at, details },
      recorded_at: timeOf(event),
    });
    count(work, event, { accepted: 1 });
  },
  SamplesRecorded: (work, event) => {
    const { blocks, messages } = event.data as Of<'SamplesRecorded'>;
    count(work, event, { accepted: blocks.length });
    for (const message of messages) link(work, event, (row, at) => newest(row, message, at));
  },
  // A device says so; what it should run with is said by people.
  ConfigurationReported: accepted,
  ConfigurationRefused: accepted,
};
