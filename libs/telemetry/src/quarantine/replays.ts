import { isForNow } from '#device-link/inbox.js';
import { Topics } from '#device-link/topics.js';
import type { EventLog } from '#event-log/event-log.js';
import {
  type CommandResult,
  handleCommand,
  type HandleOptions,
  settledWithoutAppend,
} from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import { readMessage } from '../link/read-message.js';
import { occurrenceDecider } from '../occurrence/decider.js';
import { occurrenceIdOf } from '../occurrence/events.js';
import { type ReadRules, readSamples, type WrittenColumns } from '../samples/read-samples.js';
import { maxProblems, partOf, type SamplesIntake } from '../samples/samples-intake.js';
import {
  type Quarantined,
  type QuarantineState,
  type Replayed,
  type ReplayQuarantined,
} from './decider.js';

type Rules = Pick<ReadRules, 'known' | 'now'>;

/**
 * Takes messages of the quarantine again by the way in which they came, as fresh ones: with what is known by
 * now, and without their number. What was taken before is known by its content and changes nothing, so a
 * replay that breaks off is simply asked for again.
 */
export class Replays {
  readonly states;
  private readonly occurrences;

  constructor(
    private readonly log: EventLog,
    private readonly samples: SamplesIntake,
  ) {
    this.states = samples.quarantine;
    this.occurrences = new States(log, occurrenceDecider);
  }

  /** Throws `QUARANTINED_UNKNOWN`, `QUARANTINED_SETTLED`, and what `handleCommand` throws. */
  readonly handle = async (
    id: string,
    command: ReplayQuarantined,
    options: HandleOptions,
  ): Promise<CommandResult<QuarantineState>> => {
    const done = await settledWithoutAppend(this.states, id, command, options);
    if (done) return done;
    const { state } = this.states.cached(id) ?? (await this.states.refresh(id));
    const outcome = state.status === 'waiting' && (await this.take(state.message, command.meta));
    return handleCommand(
      this.log,
      this.states,
      id,
      outcome ? { ...command, outcome } : command,
      options,
    );
  };

  private async take(message: Quarantined, meta: CommandMeta): Promise<Replayed> {
    try {
      return await this.takeWhole(message, meta);
    } catch (error) {
      if (!(error instanceof Refusal) || isForNow(error)) throw error;
      return failed(...(error.details.errors ?? [{ pointer: '', reason: error.message }]));
    }
  }

  private async takeWhole(message: Quarantined, meta: CommandMeta): Promise<Replayed> {
    const { device, way } = message;
    const content = Buffer.from(message.content, 'base64');
    if (content.length < message.bytes) {
      const kept = `${String(content.length)} of ${String(message.bytes)} bytes are kept`;
      return failed({ pointer: '', reason: `expected a whole message: ${kept}` });
    }
    const rules = { known: (await this.samples.series.refresh(device)).state, now: wallNow() };
    const said = readKept(message, content, rules);
    if (said.kind === 'malformed') return failed(...said.problems);
    if (said.kind === 'occurrence') {
      const { data } = said;
      const command = { type: 'RecordOccurrence', data, meta: partOf(meta, 'occurrence') } as const;
      await handleCommand(this.log, this.occurrences, occurrenceIdOf(data), command);
      return { taken: 0, problems: [] };
    }
    if (said.kind !== 'samples') {
      const reason = `expected samples or an occurrence: a message on ${said.kind} is about the moment in which it came`;
      return failed({ pointer: '', reason });
    }
    const sent = said.reads.map((read) => ({ read: { ...read, refused: [] } }));
    const { samples } = await this.samples.take(device, sent, meta, way);
    const refused = said.reads.flatMap((read) => read.refused);
    return { ...failed(...refused), taken: samples };
  }
}

const failed = (...problems: Replayed['problems']): Replayed => ({
  taken: 0,
  problems: problems.slice(0, maxProblems).map(({ pointer, reason }) => ({ pointer, reason })),
});

/** What the bytes say: a message, or samples of one that were written down again. */
const readKept = ({ device, topic }: Quarantined, payload: Buffer, rules: Rules) => {
  if (topic === null) {
    const written = JSON.parse(payload.toString()) as readonly WrittenColumns[];
    const how = { ...rules, timeUnit: 'ms', parsesText: false } as const;
    const reads = written.map((columns, index) => {
      const read = readSamples(columns, how);
      return { ...read, refused: read.refused.map((one) => within(index, one)) };
    });
    return { kind: 'samples', reads } as const;
  }
  // It was admitted by the prefix that it has.
  const [, prefix] = /^([\w-]{1,64})_read\//.exec(topic) ?? [];
  const read = new Topics(prefix).read(topic);
  if (read?.device !== device) throw new Error(`${topic} is no topic of ${device}`);
  const said = readMessage({ ...read, payload }, rules);
  return said.kind === 'samples' ? ({ kind: 'samples', reads: [said.read] } as const) : said;
};

const within = <P extends { readonly pointer: string }>(index: number, problem: P): P => ({
  ...problem,
  pointer: `/${String(index)}${problem.pointer}`,
});
