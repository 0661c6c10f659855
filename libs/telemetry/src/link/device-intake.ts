import { createHash, randomUUID } from 'node:crypto';

import type { Inbound, InboxHandler } from '#device-link/inbox.js';
import type { MessageTaker } from '#device-link/message-taker.js';
import { Rate } from '#device-link/rate.js';
import type { EventLog } from '#event-log/event-log.js';
import { type CommandResult, handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf, contentIdOf } from '#kernel/ids.js';
import type { FieldError, Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import { configurationHash } from '../configuration/configuration-hash.js';
import {
  type ConfigurationCommand,
  configurationDecider,
  unknownVersion,
} from '../configuration/decider.js';
import { Devices } from '../device/find-device.js';
import { occurrenceDecider } from '../occurrence/decider.js';
import { occurrenceIdOf } from '../occurrence/events.js';
import type { Message } from '../samples/events.js';
import { quarantined, type SamplesIntake } from '../samples/samples-intake.js';
import { type Gap, type LinkCommand, linkDecider } from './decider.js';
import { desiredConfiguration } from './desired-configuration.js';
import { GapTracker } from './gap-tracker.js';
import type { IntakeCounts } from './intake-counts.js';
import type { Acknowledgement } from './read-acknowledgement.js';
import { type ReadMessage, readMessage } from './read-message.js';
import { Resends } from './resends.js';

export type Outcome = 'accepted' | 'expired' | 'duplicate' | 'quarantined' | 'rejected';

export interface DeviceIntakeParts {
  readonly log: EventLog;
  readonly samples: SamplesIntake;
  readonly counts: IntakeCounts;
  /** Takes messages beside measurements. */
  readonly taker?: MessageTaker;
  /** Asks a device to send again what is missed; resolves with whether it could be. */
  readonly askFor: (device: string, gaps: readonly Gap[]) => Promise<boolean>;
  /** The first message of a device that comes here. */
  readonly onFirst: (device: string) => Promise<void>;
  readonly onOutcome: (outcome: Outcome, messages: number) => void;
  /** See `Resends`. */
  readonly resendPausesMs?: readonly number[];
}

/** Messages of one device that are kept in the quarantine: a burst, and so many a second. */
const keptBurst = 20;
const keptPerSecond = 1 / 60;
/** No id of a device. */
const unknownDevices = '';

type SamplesRead = Extract<ReadMessage, { kind: 'samples' }>;

/**
 * The way of a device's messages into the log. What was left out is noted before what shows it, so that a
 * crash in between is met again: whatever is not acknowledged comes a second time.
 */
export class DeviceIntake implements InboxHandler {
  private readonly link;
  private readonly occurrences;
  private readonly configurations;
  private readonly devices;
  private readonly tracker;
  private readonly resends;
  /** Counts what is in the log: what could not be kept comes again, and has its place still. */
  private readonly kept = new Rate(keptPerSecond, keptBurst);

  constructor(private readonly parts: DeviceIntakeParts) {
    this.link = new States(parts.log, linkDecider);
    this.occurrences = new States(parts.log, occurrenceDecider);
    this.configurations = new States(parts.log, configurationDecider);
    this.devices = new Devices(parts.log);
    this.tracker = new GapTracker(parts.log);
    this.resends = new Resends({
      missed: async (device) => (await this.link.refresh(device)).state.missed,
      ask: (device, gaps) => this.ask(device, gaps),
      ...(parts.resendPausesMs && { pausesMs: parts.resendPausesMs }),
    });
  }

  async take(device: string, messages: readonly Inbound[]): Promise<void> {
    // Another broker than ours lets in whom it likes.
    await this.devices.find(device);
    const isFirst = this.tracker.isNew(device);
    await this.tracker.load(device);
    const { samples, taker } = this.parts;
    const rules = {
      known: await samples.knownSeries(device),
      now: wallNow(),
      ...(taker && { taker }),
    };
    const read = messages.map((inbound) => ({ inbound, said: readMessage(inbound, rules) }));
    const numbers = read.flatMap(({ said }) => ('message' in said && said.message) || []);
    const late = this.tracker.late(device, numbers);
    await this.noteMissed(device, numbers);
    await this.takeSamples(device, read);
    for (const { inbound, said } of read) await this.takeOther(device, inbound, said);
    await this.noteRecovered(device, late);
    this.tracker.took(device, numbers);
    if (!isFirst) return;
    await this.parts.onFirst(device);
    this.resends.schedule(device);
  }

  stop(): void {
    this.resends.stop();
  }

  async refuse(inbound: Inbound, { code, message, details }: Refusal): Promise<void> {
    const problems = details.errors ?? [{ pointer: '', reason: message }];
    // The log keeps for ever what it is given, and a secret is none of it.
    const withContent = code !== 'CONFIGURATION_HOLDS_SECRET';
    await this.keep(inbound, problems, { withContent, isUnknown: code === 'DEVICE_UNKNOWN' });
  }

  private async noteMissed(device: string, numbers: readonly Message[]): Promise<void> {
    const { missed, doubtful } = this.tracker.gaps(device, numbers);
    // What came is known when it comes again: asking costs less than a record that is wrong, or a loss.
    if (doubtful.length > 0) await this.parts.askFor(device, doubtful);
    if (missed.length === 0) return;
    await this.note(device, {
      ...{ type: 'NoteMissed', data: { gaps: missed }, meta: metaOf(device) },
    });
    await this.ask(device, missed);
    this.resends.schedule(device);
  }

  private async ask(device: string, missed: readonly Gap[]): Promise<void> {
    const gaps = missed.map(({ session, from, to }) => ({ session, from, to }));
    if (!(await this.parts.askFor(device, gaps))) return;
    await this.note(device, { type: 'NoteResendRequested', data: { gaps }, meta: metaOf(device) });
  }

  private async noteRecovered(device: string, late: readonly Message[]): Promise<void> {
    for (const session of new Set(late.map((message) => message.session))) {
      const numbers = late.filter((message) => message.session === session).map(({ seq }) => seq);
      await this.note(device, {
        ...{ type: 'NoteRecovered', data: { session, numbers }, meta: metaOf(device) },
      });
    }
  }

  /**
   * Those without a wrong sample in common, the others each with a command that is the same when it comes
   * again. In their order, since of two values of one time the first one counts.
   */
  private async takeSamples(
    device: string,
    read: readonly { readonly inbound: Inbound; readonly said: ReadMessage }[],
  ): Promise<void> {
    const clean: SamplesRead[] = [];
    const recordClean = async (): Promise<void> => {
      if (clean.length > 0) await this.record(device, clean.splice(0), metaOf(device));
    };
    for (const { inbound, said } of read) {
      if (said.kind !== 'samples') continue;
      if (said.read.refused.length === 0) clean.push(said);
      else {
        await recordClean();
        await this.takeFaulty(device, inbound, said);
      }
    }
    await recordClean();
  }

  private async takeFaulty(device: string, { payload }: Inbound, said: SamplesRead): Promise<void> {
    const commandId = commandIdOf(device, 'mqtt', sha256(payload));
    if (this.kept.has(device)) {
      await this.record(device, [said], { ...metaOf(device), commandId });
      this.kept.allows(device);
      this.parts.onOutcome('quarantined', 1);
      return;
    }
    this.count(device, 'QUARANTINE_FULL');
    await this.record(device, [{ ...said, read: { ...said.read, refused: [] } }], metaOf(device));
  }

  private async record(device: string, said: readonly SamplesRead[], meta: CommandMeta) {
    const sent = said.map(({ read, message }) => ({ read, message }));
    const { repeated, expiredMessages } = await this.parts.samples.take(device, sent, meta, 'mqtt');
    const duplicates = Math.min(repeated, said.length);
    if (duplicates > 0) this.parts.counts.duplicate(device, duplicates);
    this.parts.onOutcome('duplicate', duplicates);
    const expired = Math.min(expiredMessages, said.length - duplicates);
    this.parts.onOutcome('expired', expired);
    this.parts.onOutcome('accepted', said.length - duplicates - expired);
  }

  private async takeOther(device: string, inbound: Inbound, said: ReadMessage): Promise<void> {
    if (said.kind === 'samples') return;
    if (said.kind === 'malformed') return this.keep(inbound, said.problems);
    const outcome =
      said.kind === 'other'
        ? await said.taker.take({ device, kind: inbound.kind, body: said.body })
        : (await this.carryOut(device, said)).outcome;
    if (typeof outcome !== 'string') return this.keep(inbound, outcome);
    if (outcome === 'unchanged') this.parts.counts.duplicate(device, 1);
    this.parts.onOutcome(outcome === 'unchanged' ? 'duplicate' : 'accepted', 1);
  }

  private async carryOut(
    device: string,
    said: Exclude<ReadMessage, { kind: 'samples' | 'malformed' | 'other' }>,
  ): Promise<CommandResult> {
    const meta = metaOf(device);
    const { log } = this.parts;
    switch (said.kind) {
      case 'birth': {
        const data = { session: said.message.session, properties: said.properties };
        return this.note(device, { type: 'NoteBirth', data, meta });
      }
      case 'state':
        return this.note(device, { type: 'NoteState', data: { state: said.state }, meta });
      case 'occurrence': {
        const command = { type: 'RecordOccurrence', data: said.data, meta } as const;
        return handleCommand(log, this.occurrences, occurrenceIdOf(said.data), command);
      }
      case 'acknowledgement': {
        const command = await acknowledged(log, device, said.data, meta);
        return handleCommand(log, this.configurations, device, command);
      }
    }
  }

  private note(device: string, command: LinkCommand) {
    return handleCommand(this.parts.log, this.link, device, command);
  }

  private async keep(
    inbound: Inbound,
    problems: readonly FieldError[],
    { withContent = true, isUnknown = false } = {},
  ): Promise<void> {
    const { device, topic, payload } = inbound;
    // Names that nobody registered cost nothing: all of them have the places of one device.
    if (isUnknown && !this.kept.allows(unknownDevices)) {
      this.parts.onOutcome('rejected', 1);
      return;
    }
    if (!isUnknown && !this.kept.has(device)) {
      this.count(device, 'QUARANTINE_FULL');
      return;
    }
    const data = quarantined(device, { way: 'mqtt', topic, bytes: payload }, [...problems]);
    const id = contentIdOf('quarantined', device, topic, data.sha256);
    const kept = withContent ? data : { ...data, content: '' };
    await this.parts.samples.keep(id, kept, metaOf(device));
    if (!isUnknown) this.kept.allows(device);
    this.parts.onOutcome('quarantined', 1);
  }

  private count(device: string, reason: string): void {
    this.parts.counts.reject(device, reason);
    this.parts.onOutcome('rejected', 1);
  }
}

/** Throws `CONFIGURATION_VERSION_UNKNOWN` for a version that cannot be what the device runs with. */
const acknowledged = async (
  log: EventLog,
  device: string,
  data: Acknowledgement,
  meta: CommandMeta,
): Promise<ConfigurationCommand> => {
  if (data.status === 'refused') {
    const { version, reason } = data;
    return { type: 'RefuseConfiguration', data: { version, reason }, meta };
  }
  const { version = null } = data;
  const desired = data.configuration
    ? undefined
    : await desiredConfiguration(log, device, data.version);
  const configuration = data.configuration ?? desired?.configuration;
  if (!configuration) throw unknownVersion();
  const hash = configurationHash(configuration);
  return { type: 'ReportConfiguration', data: { version, configuration, hash }, meta };
};

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A message is recognised by its number or its content: its command needs no id of its own. */
export const metaOf = (device: string): CommandMeta => {
  const commandId = randomUUID();
  return {
    ...{ commandId, correlationId: commandId, source: 'mqtt' },
    actor: { id: device, kind: 'device', roles: ['device'] },
    occurredAt: new Date(wallNow()).toISOString(),
  };
};
