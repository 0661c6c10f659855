import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';

import {
  type Block,
  type Message,
  type Quality,
  samplesCategory,
  type SamplesEvent,
  samplesEvents,
  type SampleValue,
  type Seen,
} from './events.js';
import { holdsBlock, nothingSeen, withParts } from './seen.js';

/** A block, with the message that it came in where that has a number. */
export interface Part {
  readonly block: Block;
  readonly message?: Message;
}

export type SamplesCommand = CommandOf<{
  /** The samples of one device of one UTC day. */
  RecordSamples: { readonly device: string; readonly parts: readonly Part[] };
  CorrectSample: {
    readonly device: string;
    readonly series: string;
    readonly at: string;
    readonly value: SampleValue;
    readonly quality: Quality;
  };
}>;

const record = (device: string, parts: readonly Part[], before: Seen): readonly SamplesEvent[] => {
  const isHeld = holdsBlock(before);
  const taken = new Map<string, Part>();
  for (const part of parts) {
    const { hash } = part.block;
    if (!isHeld(hash) && !taken.has(hash)) taken.set(hash, part);
  }
  if (taken.size === 0) return [];
  const news = [...taken.values()];
  const blocks = news.map(({ block }) => block);
  const messages = news.flatMap(({ message }) => message ?? []);
  const seen = withParts(before, news);
  return [
    { type: 'SamplesRecorded', data: { device, ...extentOf(blocks), blocks, messages, seen } },
  ];
};

const extentOf = (blocks: readonly Block[]): { from: string; to: string; count: number } => {
  let [from, to, count] = [Infinity, -Infinity, 0];
  for (const { t0, t, series } of blocks) {
    const start = Date.parse(t0);
    for (const offset of t) {
      from = Math.min(from, start + offset);
      to = Math.max(to, start + offset);
    }
    for (const { values } of Object.values(series)) {
      for (const value of values) if (value !== null) count += 1;
    }
  }
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), count };
};

/**
 * What is decided of samples is only whether the same block is there already: not by the number of its
 * message, which a device may use for another one. Which of two samples of one time counts follows from
 * their order in the log.
 */
export const samplesDecider: Decider<Seen, SamplesCommand, SamplesEvent> = {
  category: samplesCategory,
  events: samplesEvents,
  initialState: nothingSeen,
  newestTellsAll: true,
  decide(command, seen) {
    switch (command.type) {
      case 'RecordSamples':
        return record(command.data.device, command.data.parts, seen);
      case 'CorrectSample':
        return [{ type: 'SampleCorrected', data: { ...command.data, seen } }];
    }
  },
  evolve: (_, { data }) => data.seen,
};
