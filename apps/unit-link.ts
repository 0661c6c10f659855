import { attendedOf } from '#battery-lab/supervision/attended.js';
import { Leases } from '#battery-lab/unit-link/leases.js';
import { UnitDetections } from '#battery-lab/unit-link/unit-detections.js';
import { UnitDownlink } from '#battery-lab/unit-link/unit-downlink.js';
import { UnitIntake } from '#battery-lab/unit-link/unit-intake.js';
import type { Downlink } from '#device-link/message-taker.js';
import type { EventLog, StoredEvent } from '#event-log/event-log.js';
import type { Logger } from '#observability/logging.js';
import type { ReadStore } from '#read-store/read-store.js';
import { linkStream } from '#telemetry/link/events.js';

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
    const attended = (unitId: string) => attendedOf(store.pool, unitId);
    const parts = { log, intake: this.intake, leases, attended, downlink, logger };
    this.downlink = new UnitDownlink(parts);
    this.downlink.start();
  }

  onEvent(event: StoredEvent): void {
    this.downlink?.onEvent(event);
    const { type, stream, data } = event;
    const isOnline = (data as { readonly state?: unknown }).state === 'online';
    if (type === 'DeviceBorn' || (type === 'DeviceStateReported' && isOnline)) {
      this.onListening(stream.slice(linkStream('').length));
    }
  }

  /** A device that may be a unit is there, or there again. */
  onListening(device: string): void {
    void this.downlink?.remind(device);
  }

  async stop(): Promise<void> {
    await this.downlink?.stop();
  }
}
