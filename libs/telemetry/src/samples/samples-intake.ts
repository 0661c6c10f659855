import { createHash } from 'node:crypto';

import type { EventLog, Position } from '#event-log/event-log.js';
import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf, contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';
import type { CommandObserver } from '#observability/command-observer.js';

import {
  type QuarantineCommand,
  type Quarantined,
  quarantineDecider,
} from '../quarantine/decider.js';
import type { Way } from '../quarantine/events.js';
import { type Learnt, seriesDecider, type SeriesState } from '../series/decider.js';
import { type Part, samplesDecider } from './decider.js';
import { type Block, type Message, samplesIdOf } from './events.js';
import type { ReadSamples, RefusedSample } from './read-samples.js';
import { writtenAgain } from './written-again.js';

/** What was read of one message, or of one piece of a body. */
export interface SentSamples {
  readonly read: ReadSamples;
  /** Its number, where the device numbers its messages: what is missing shows by it. */
  readonly message?: Message | undefined;
}

export interface Taken {
  /** Samples that are in the log now and count, whether or not they were before. */
  readonly samples: number;
  /** Samples that are in the log now and do not count: of a time whose single samples were dropped. */
  readonly expired: number;
  /** Messages that hold such samples and no others. */
  readonly expiredMessages: number;
  /** Samples that are in the quarantine now. */
  readonly quarantined: number;
  /** Blocks that were in the log already. */
  readonly repeated: number;
  /** Of the last event that this led to or rests on; absent where nothing was sent. */
  readonly position: Position | undefined;
}

/** What is kept of a message in the quarantine. */
const maxKeptBytes = 65_536;
export const maxProblems = 20;
/**
 * Days of devices that are held in memory, each with up to 80 KiB of what repetitions are known by: as many as
 * devices may be connected. Of another one a single event is read.
 */
const maxHeldDays = 2_000;
/** Messages of the quarantine that are held in memory, each with what is kept of it. */
const maxHeld = 16;

/**
 * The way of samples into the log. What is wrong goes to the quarantine first, what the series are is
 * learnt, and what is right is appended: one command for each UTC day, whatever number of messages it
 * holds. Called again after a crash at any point, it appends what is missing and nothing twice.
 */
export class SamplesIntake {
  /** Also for those who correct what was sent. */
  readonly samples;
  /** Also for those who declare series: what they say holds here at once. */
  readonly series;
  readonly quarantine;

  constructor(
    private readonly log: EventLog,
    private readonly observer: CommandObserver,
  ) {
    this.samples = new States(log, samplesDecider, maxHeldDays);
    this.series = new States(log, seriesDecider);
    this.quarantine = new States(log, quarantineDecider, maxHeld);
  }

  /** What is known of the device's series. May be older than the log: what rests on it is decided again. */
  async knownSeries(device: string): Promise<SeriesState> {
    return (this.series.cached(device) ?? (await this.series.refresh(device))).state;
  }

  /**
   * Takes what one device sent. `meta` is of the whole: the commands that it leads to have ids that follow
   * from its id. Throws a `Refusal` where the log cannot take it; then it is to be sent again.
   */
  async take(
    device: string,
    sent: readonly SentSamples[],
    meta: CommandMeta,
    way: Way,
  ): Promise<Taken> {
    const refused = sent.flatMap(({ read }) => read.refused);
    const results: CommandResult[] = [];
    if (refused.length > 0) {
      results.push(
        await this.keep(quarantineIdOf(device, meta), refusedMessage(device, way, refused), meta),
      );
    }
    const learnt = sent.flatMap(({ read }) => read.learnt);
    if (learnt.length > 0) {
      const command = {
        type: 'LearnSeries',
        data: { learnt },
        meta: partOf(meta, 'series'),
      } as const;
      results.push(await handleCommand(this.log, this.series, device, command));
      requireAsLearnt(learnt, await this.knownSeries(device));
    }
    const parts = [...partsByDay(sent)];
    let repeated = 0;
    for (const [day, ofDay] of parts) {
      const result = await this.record(device, day, ofDay, meta);
      const held = result.events[0]?.data;
      repeated += ofDay.length - (held && 'blocks' in held ? held.blocks.length : 0);
      results.push(result);
    }
    const expired = await this.expiredOf(device, sent);
    const all = expired.reduce((sum, one) => sum + one, 0);
    return {
      samples: sent.reduce((sum, { read }) => sum + read.taken, 0) - all,
      expired: all,
      expiredMessages: sent.filter(({ read }, at) => read.taken > 0 && read.taken === expired[at])
        .length,
      quarantined: refused.length,
      repeated,
      position: newest(results.map(({ position }) => position)),
    };
  }

  /** Keeps a message that cannot be read at all. `id` names it: the same one again changes nothing. */
  keep(id: string, data: Quarantined, meta: CommandMeta): Promise<CommandResult> {
    const command: QuarantineCommand = {
      type: 'QuarantineMessage',
      data,
      meta: partOf(meta, 'quarantine'),
    };
    return this.observer.observe(command, id, () =>
      handleCommand(this.log, this.quarantine, id, command),
    );
  }

  /** How many samples of each are of a time whose single samples were dropped. */
  private async expiredOf(device: string, sent: readonly SentSamples[]): Promise<number[]> {
    const today = new Date(wallNow()).toISOString().slice(0, 10);
    const isPast = sent.some(({ read }) => [...read.days.keys()].some((day) => day < today));
    // What is over is dropped day by day, by another process: of that this one may not know yet.
    const known = isPast
      ? (await this.series.refresh(device)).state
      : await this.knownSeries(device);
    return sent.map(({ read }) => expiredIn(read, known));
  }

  private record(device: string, day: string, parts: readonly Part[], meta: CommandMeta) {
    const id = samplesIdOf(device, day);
    const command = {
      type: 'RecordSamples',
      data: { device, parts },
      meta: partOf(meta, day),
    } as const;
    return handleCommand(this.log, this.samples, id, command);
  }
}

/** Others may have said something else of a series first: then what was read is to be read again by that. */
const requireAsLearnt = (learnt: readonly Learnt[], state: SeriesState): void => {
  const isOther = ({ series, valueType, unit }: Learnt): boolean => {
    const known = state.get(series);
    const isOtherUnit = unit !== null && known?.unit !== unit;
    return known?.valueType !== valueType || isOtherUnit;
  };
  const other = learnt.find(isOther);
  if (!other) return;
  throw new Refusal(
    'CONCURRENT_CHANGE',
    'conflict',
    `somebody else said of ${other.series} what its values are; send this again`,
  );
};

const expiredIn = ({ days }: ReadSamples, known: SeriesState): number => {
  let count = 0;
  for (const { t0, t, series } of days.values()) {
    for (const [name, { values }] of Object.entries(series)) {
      const before = Date.parse(known.get(name)?.expiredBefore ?? '') - Date.parse(t0);
      for (const [row, offset] of t.entries()) {
        if (offset < before && values[row] !== null) count += 1;
      }
    }
  }
  return count;
};

/** The quarantined message of a command: a repeated command meets the same one. */
export const quarantineIdOf = (device: string, { commandId }: CommandMeta): string =>
  contentIdOf('quarantined', device, commandId);

/** What is kept of bytes that could not be taken. */
export const quarantined = (
  device: string,
  { way, topic, bytes }: { way: Way; topic: string | null; bytes: Buffer },
  problems: Quarantined['problems'],
  samples = 0,
): Quarantined => ({
  ...{ device, way, topic },
  content: bytes.subarray(0, maxKeptBytes).toString('base64'),
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  problems: problems.slice(0, maxProblems),
  samples,
});

/** The refused samples of a message, in the form in which they can be sent again. */
const refusedMessage = (
  device: string,
  way: Way,
  refused: readonly RefusedSample[],
): Quarantined => {
  const { columns, problems } = writtenAgain(refused);
  const bytes = Buffer.from(JSON.stringify(columns));
  return quarantined(device, { way, topic: null, bytes }, problems, refused.length);
};

/** The metadata of a command that another one leads to. */
export const partOf = (meta: CommandMeta, part: string): CommandMeta => ({
  ...meta,
  commandId: commandIdOf(meta.actor.id, part, meta.commandId),
  causationId: meta.commandId,
});

const partsByDay = (sent: readonly SentSamples[]): Map<string, Part[]> => {
  const days = new Map<string, Part[]>();
  for (const { read, message } of sent) {
    for (const [day, { t0, t, series }] of read.days) {
      const part = { block: hashed({ t0, t, series }), ...(message && { message }) };
      const parts = days.get(day);
      if (parts) parts.push(part);
      else days.set(day, [part]);
    }
  }
  return days;
};

const hashed = (block: Omit<Block, 'hash'>): Block => ({
  ...block,
  hash: createHash('sha256').update(JSON.stringify(block)).digest('hex'),
});

const newest = (positions: readonly (Position | undefined)[]): Position | undefined =>
  positions.reduce(
    (latest, one) => (one && (!latest || one.commit > latest.commit) ? one : latest),
    undefined,
  );
