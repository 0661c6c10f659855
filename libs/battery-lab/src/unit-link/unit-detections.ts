import type { Detection } from '#cycling/protocol/messages.js';
import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { keyOwner } from '#event-log/key/claim-key.js';
import { States } from '#event-log/states.js';
import type { CommandMeta, ContentOf } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { wallNow } from '#kernel/wall-clock.js';

import { type CyclerDeviceCommand, cyclerDeviceDecider } from '../device/decider.js';
import { cyclerDeviceTypes } from '../device/events.js';
import { deviceSerialKey } from '../keys.js';
import { unitDecider } from '../unit/decider.js';
import type { Unit } from '../unit/document.js';

type Found = NonNullable<Unit['detected']>['devices'][number];

/** What units say of the devices at their links. */
export class UnitDetections {
  private readonly units;
  private readonly devices;

  constructor(private readonly log: EventLog) {
    this.units = new States(log, unitDecider);
    this.devices = new States(log, cyclerDeviceDecider);
  }

  /**
   * An empty list is an answer too. Registered devices that the unit lists are seen there, those that it listed before
   * and does not any more are detached; which they were stands in the state of the unit until its answer does, so that a
   * crash in between is met again. Others are candidates: nobody is registered by what a unit says.
   */
  async take(
    unitId: string,
    said: Detection,
    meta: CommandMeta,
  ): Promise<'accepted' | 'unchanged'> {
    const { requestId } = said;
    const at = new Date(wallNow()).toISOString();
    const found = said.devices.map(({ type, firmware, ...others }) => ({
      ...others,
      type: cyclerDeviceTypes.find((one) => one === type) ?? 'cycler',
      firmware: firmware === '' ? null : firmware,
    }));
    const { state: unit } = await this.units.refresh(unitId);
    if (unit.status === 'inUse' && unit.openDetections.includes(requestId)) {
      const before = unit.detected?.devices ?? [];
      const mine = { ...meta, commandId: contentIdOf('devices-detected', meta.commandId, at) };
      await this.update({ unitId, at }, found, before, mine);
    }
    const data = { requestId, at, devices: found };
    // A second answer to one request is another command: the unit knows which it has answered.
    const commandId = contentIdOf('detection', meta.commandId, at);
    const { outcome } = await handleCommand(this.log, this.units, unitId, {
      ...{ type: 'ReportDetection', data, meta: { ...meta, commandId } },
    });
    return outcome === 'accepted' ? 'accepted' : 'unchanged';
  }

  private async update(
    there: { readonly unitId: string; readonly at: string },
    found: readonly Found[],
    before: readonly Found[],
    meta: CommandMeta,
  ): Promise<void> {
    const seen = new Set<string>();
    for (const device of found) {
      const id = await this.registered(device);
      if (id === undefined) continue;
      seen.add(id);
      const { linkName, firmware } = device;
      const data = { ...there, linkName, firmware };
      await this.tell(id, { type: 'SeeCyclerDevice', data }, meta);
    }
    for (const device of before) {
      const id = await this.registered(device);
      if (id === undefined || seen.has(id)) continue;
      await this.tell(id, { type: 'DetachCyclerDevice', data: there }, meta);
    }
  }

  /** The device in use that says this of itself. */
  private async registered(found: Found): Promise<string | undefined> {
    const id = await keyOwner(this.log, deviceSerialKey(found));
    if (id === undefined) return undefined;
    return (await this.devices.refresh(id)).state.status === 'inUse' ? id : undefined;
  }

  private async tell(
    id: string,
    command: ContentOf<CyclerDeviceCommand>,
    meta: CommandMeta,
  ): Promise<void> {
    const told = { ...command, meta } as CyclerDeviceCommand;
    await handleCommand(this.log, this.devices, id, told);
  }
}
