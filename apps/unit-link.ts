import { Leases } from '#battery-lab/unit-link/leases.js';
import { UnitDetections } from '#battery-lab/unit-link/unit-detections.js';
import { UnitDownlink } from '#battery-lab/unit-link/unit-downlink.js';
import { UnitIntake } from '#battery-lab/unit-link/unit-intake.js';
import type { Downlink } from '#device-link/message-taker.js';
import type { EventLog, StoredEvent } from '#event-log/event-log.js';
import type { Logger } from '#observability/logging.js';
import type { ReadStore } from '#read-store/read-store.js';

/** Both ways between units of a lab and the log, for the broker and for the bridge. */
export class UnitLink {
  readonly intake;
  private downlink: UnitDownlink | undefined;

  constructor(private readonly parts: { log: EventLog; store: ReadStore; logger: Logger }) {
    this.intake = new UnitIntake(parts.log, new UnitDetections(parts.log));
  }

  sendBy(downlink: Downlink): void {
    const { log, store, logger } = this.parts;
    const leases = new Leases(store.pool);
    this.downlink = new UnitDownlink({ log, intake: this.intake, leases, downlink, logger });
    this.downlink.start();
  }

  onEvent(event: StoredEvent): void {
    this.downlink?.onEvent(event);
  }

  async stop(): Promise<void> {
    await this.downlink?.stop();
  }
}
