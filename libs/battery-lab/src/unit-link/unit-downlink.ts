import type { Downlink } from '#device-link/message-taker.js';
import type { EventLog, StoredEvent } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { pause, within } from '#event-log/pause.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { wallNow } from '#kernel/wall-clock.js';
import type { Logger } from '#observability/logging.js';
import { isMissingRelation } from '#read-store/store-errors.js';

import { type EventData, experimentStream } from '../experiment/events.js';
import { isExecuted, mustBeHeard } from '../experiment/state.js';
import { unitStream } from '../unit/events.js';
import { instructionBody } from './instruction-body.js';
import type { Leases } from './leases.js';
import type { UnitIntake } from './unit-intake.js';

const publishMs = 5_000;
const renewMs = 1_000;

/** Sends units what the log holds for them, and renews their leases while somebody supervises them. */
export class UnitDownlink {
  private readonly stopping = new AbortController();
  private renewing: Promise<void> | undefined;

  constructor(
    private readonly parts: {
      readonly log: EventLog;
      readonly intake: UnitIntake;
      readonly leases: Leases;
      /** Ids of the experiments of a unit that have not ended. */
      readonly attended: (unitId: string) => Promise<readonly string[]>;
      readonly downlink: Downlink;
      readonly logger: Logger;
    },
  ) {}

  start(): void {
    this.renewing = this.renewLeases();
  }

  /** Of the log as it goes on. What nobody hears now, because nothing is connected, is repeated by who waits for it. */
  onEvent(event: StoredEvent): void {
    const { type, stream } = event;
    if (type === 'InstructionIssued' || type === 'InstructionRepeated') {
      const { instruction } = event.data as EventData<'InstructionRepeated'>;
      void this.instruct(stream.slice(experimentStream('').length), instruction);
    } else if (type === 'DetectionRequested') {
      const { requestId } = event.data as { readonly requestId: string };
      const body = { kind: 'detect', instruction: requestId, requestId };
      void this.send(stream.slice(unitStream('').length), body);
    }
  }

  /** What must be heard is told again to a unit that is there again, which may have been away for long. */
  async remind(unitId: string): Promise<void> {
    const { intake, logger, attended } = this.parts;
    try {
      for (const experimentId of await attended(unitId)) {
        const { state } = await intake.experiments.refresh(experimentId);
        const open = isExecuted(state) ? state.open : null;
        if (open && mustBeHeard(open.kind)) await this.instruct(experimentId, open.instruction);
      }
    } catch (error) {
      logger.warn({ unitId, error }, 'a unit cannot be told again now what it must hear');
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.renewing;
  }

  private async instruct(experimentId: string, instruction: string): Promise<void> {
    const { log, intake, logger } = this.parts;
    try {
      const { state } = await intake.experiments.refresh(experimentId);
      // Something else was decided since.
      if (!isExecuted(state) || state.open?.instruction !== instruction) return;
      const { kind, attempt } = state.open;
      const body = instructionBody(experimentId, instruction, kind, state);
      // Without one the unit would refuse it.
      if (kind === 'start' || kind === 'resume') await this.renew(state.request.unitId);
      if (!(await this.send(state.request.unitId, body))) return;
      logger.info({ experimentId, kind, instruction, attempt }, 'an instruction is sent');
      await handleCommand(log, intake.experiments, experimentId, {
        ...{ type: 'NoteInstructionSent', data: { instruction } },
        meta: metaOf(experimentId, instruction),
      });
    } catch (error) {
      logger.warn({ experimentId, instruction, error }, 'an instruction cannot be sent now');
    }
  }

  private async send(unitId: string, body: object): Promise<boolean> {
    const { downlink, logger } = this.parts;
    try {
      const sent = downlink.publish(unitId, 'instructions', body).then(() => true);
      return (await within(publishMs, sent)) ?? false;
    } catch (error) {
      logger.warn({ unitId, error }, 'a unit cannot be sent an instruction now');
      return false;
    }
  }

  private async renewLeases(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.renew();
      } catch (error) {
        // A database that is not migrated yet is no news.
        if (!isMissingRelation(error))
          this.parts.logger.warn({ error }, 'leases of units cannot be renewed now');
      }
      await pause(renewMs, signal);
    }
  }

  /** Of all units or of one. A lease that waits at the broker for a unit that is away would be one that nobody grants any more. */
  private async renew(only?: string): Promise<void> {
    const { leases, downlink } = this.parts;
    // As of when it was asked: an answer that comes late promises no more.
    const askedS = wallNow() / 1_000;
    for (const { unitId, validS } of await leases.current()) {
      if (only !== undefined && unitId !== only) continue;
      const untilS = askedS + validS;
      await within(publishMs, downlink.publish(unitId, 'lease', { untilS }, { qos: 0 }));
    }
  }
}

const metaOf = (...parts: readonly string[]): CommandMeta => {
  const commandId = contentIdOf('instruction-sent', ...parts);
  return {
    ...{ commandId, correlationId: commandId, source: 'process' },
    actor: { id: 'unit-link', kind: 'system', roles: ['service'] },
    occurredAt: new Date(wallNow()).toISOString(),
  };
};
