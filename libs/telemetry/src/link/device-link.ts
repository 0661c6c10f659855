import { Inbox } from '#device-link/inbox.js';
import type { LinkMetrics } from '#device-link/link-metrics.js';
import type { Downlink, MessageTaker } from '#device-link/message-taker.js';
import type { DownKind } from '#device-link/topics.js';
import type { EventLog, StoredEvent } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { pause, within } from '#event-log/pause.js';
import { States } from '#event-log/states.js';
import { wallNow } from '#kernel/wall-clock.js';
import type { CommandObserver } from '#observability/command-observer.js';
import type { Logger } from '#observability/logging.js';

import { configurationStream } from '../configuration/events.js';
import { credentialStream } from '../credential/events.js';
import { deviceStream } from '../device/events.js';
import { SamplesIntake } from '../samples/samples-intake.js';
import { seriesStream } from '../series/events.js';
import { type Gap, linkDecider } from './decider.js';
import { desiredConfiguration } from './desired-configuration.js';
import { DeviceIntake, metaOf } from './device-intake.js';
import { type IntakeCount, IntakeCounts } from './intake-counts.js';

export interface DeviceLinkParts {
  readonly log: EventLog;
  readonly observer: CommandObserver;
  readonly metrics: LinkMetrics;
  readonly logger: Logger;
  /** What takes messages beside measurements. */
  readonly taker?: MessageTaker;
}

const countMs = 60_000;
const publishMs = 5_000;

/** Both ways between devices and the log, whatever broker is in between. */
export class DeviceLink {
  readonly inbox: Inbox;
  private readonly counts = new IntakeCounts(wallNow);
  private readonly link;
  private readonly samples;
  private readonly intake;
  private readonly stopping = new AbortController();
  private readonly counting: Promise<void>;
  private downlink: Downlink | undefined;

  constructor(private readonly parts: DeviceLinkParts) {
    const { log, observer, metrics, logger, taker } = parts;
    this.link = new States(log, linkDecider);
    this.samples = new SamplesIntake(log, observer);
    this.intake = new DeviceIntake({
      ...{ log, counts: this.counts, samples: this.samples, ...(taker && { taker }) },
      askFor: (device, gaps) => this.askFor(device, gaps),
      onFirst: (device) => this.sendConfiguration(device),
      onOutcome: (outcome, messages) => {
        metrics.messages.inc({ outcome }, messages);
      },
    });
    this.inbox = new Inbox(this.intake, {
      onWaiting: (device, error) => {
        logger.warn({ device, error }, 'messages of a device cannot be taken now and are held');
      },
      onBatch: (messages, seconds) => {
        metrics.batchMessages.observe(messages);
        metrics.batchSeconds.observe(seconds);
      },
    });
    this.counting = this.countEachMinute();
  }

  sendBy(downlink: Downlink): void {
    this.downlink = downlink;
  }

  /** Counts what was not taken; of a device where it is known which one sent it. */
  reject(reason: string, device: string | undefined): void {
    this.parts.metrics.rejected.inc({ reason });
    if (device !== undefined) this.counts.reject(device, reason);
  }

  /** Of the log as it goes on: what devices are to hear of at once. */
  onEvent(event: StoredEvent): void {
    const { type, stream } = event;
    if (type === 'ConfigurationDesired') {
      void this.send(stream.slice(configurationStream('').length), 'config', event.data, true);
    } else if (type === 'DeviceCredentialRevoked') {
      this.downlink?.disconnect?.(stream.slice(credentialStream('').length));
    } else if (type === 'DeviceRetired') {
      this.downlink?.disconnect?.(stream.slice(deviceStream('').length));
    } else if (type === 'SeriesDeclared') {
      void this.readSeries(stream.slice(seriesStream('').length));
    }
  }

  /** The configuration that is desired of a device, for when it connects, or a broker has forgotten it. */
  async sendConfiguration(device: string): Promise<void> {
    try {
      const desired = await desiredConfiguration(this.parts.log, device);
      if (desired) await this.send(device, 'config', desired, true);
    } catch (error) {
      this.parts.logger.warn({ device, error }, 'the configuration of a device cannot be read now');
    }
  }

  /** What is taken from now on is read by what was declared elsewhere. */
  private async readSeries(device: string): Promise<void> {
    const { series } = this.samples;
    if (!series.cached(device)) return;
    await series.refresh(device).catch((error: unknown) => {
      this.parts.logger.warn({ device, error }, 'the series of a device cannot be read now');
    });
  }

  async stop(): Promise<void> {
    this.inbox.stop();
    this.intake.stop();
    this.stopping.abort();
    await this.counting;
  }

  private async askFor(device: string, gaps: readonly Gap[]): Promise<boolean> {
    for (const gap of gaps) {
      if (!(await this.send(device, 'instructions', { type: 'resend', ...gap }))) return false;
    }
    return true;
  }

  /** Who is not connected is not waited for: it is asked, and told, again. Resolves with whether it was sent. */
  private async send(
    device: string,
    kind: DownKind,
    body: object,
    retain = false,
  ): Promise<boolean> {
    try {
      if (!this.downlink) return false;
      const sent = this.downlink.publish(device, kind, body, { retain }).then(() => true);
      return (await within(publishMs, sent)) ?? false;
    } catch (error) {
      this.parts.logger.warn({ device, kind, error }, 'a device cannot be sent a message now');
      return false;
    }
  }

  private async countEachMinute(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await pause(countMs, this.stopping.signal);
      await this.counts.flush((count) => this.record(count));
    }
  }

  private async record(count: IntakeCount): Promise<void> {
    const { commandId, device, minute, duplicates, rejected } = count;
    const reasons = Object.fromEntries(
      [...count.reasons].map(([code, times]) => [code, String(times)]),
    );
    const data = { minute, duplicates, rejected, reasons };
    const command = { type: 'CountIntake', data, meta: { ...metaOf(device), commandId } } as const;
    try {
      await handleCommand(this.parts.log, this.link, device, command);
    } catch (error) {
      const fields = { device, minute, duplicates, rejected, error };
      this.parts.logger.warn(fields, 'what was refused cannot be counted now');
      throw error;
    }
  }
}
