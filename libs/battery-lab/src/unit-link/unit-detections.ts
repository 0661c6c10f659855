import type { Detection } from '#cycling/protocol/messages.js';
import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { wallNow } from '#kernel/wall-clock.js';

import { cyclerDeviceTypes } from '../device/events.js';
import { unitDecider } from '../unit/decider.js';

/** What units say of the devices at their links. */
export class UnitDetections {
  private readonly units;

  constructor(private readonly log: EventLog) {
    this.units = new States(log, unitDecider);
  }

  /** An empty list is an answer too. */
  async take(
    device: string,
    { requestId, devices }: Detection,
    meta: CommandMeta,
  ): Promise<'accepted' | 'unchanged'> {
    const found = devices.map(({ type, firmware, ...others }) => ({
      ...others,
      type: cyclerDeviceTypes.find((one) => one === type) ?? 'cycler',
      firmware: firmware === '' ? null : firmware,
    }));
    const at = new Date(wallNow()).toISOString();
    const { outcome } = await handleCommand(this.log, this.units, device, {
      ...{ type: 'ReportDetection', data: { requestId, at, devices: found }, meta },
    });
    return outcome === 'accepted' ? 'accepted' : 'unchanged';
  }
}
