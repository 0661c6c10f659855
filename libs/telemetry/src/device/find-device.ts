import { LRUCache } from 'lru-cache';

import type { EventLog } from '#event-log/event-log.js';
import { States } from '#event-log/states.js';

import {
  deviceDecider,
  type DeviceState,
  type KnownDevice,
  retiredDevice,
  unknownDevice,
} from './decider.js';

const maxDevices = 10_000;
/** How long a device that another process retires may go on here. */
const maxAgeMs = 5_000;
const idShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The devices of the write side, for every process that takes what they send. */
export class Devices {
  readonly states;
  private readonly readAt = new LRUCache<string, number>({ max: maxDevices });

  constructor(readonly log: EventLog) {
    this.states = new States(log, deviceDecider, maxDevices);
  }

  /**
   * A device that is in use. What this process read or wrote a moment ago is good enough; a device that
   * it does not know is always looked up. Throws `DEVICE_UNKNOWN` and `DEVICE_RETIRED`.
   */
  async find(id: string): Promise<KnownDevice> {
    const state = await this.known(id);
    if (state.status === 'retired') throw retiredDevice();
    return state;
  }

  /** The same where a retired one will do. */
  async known(id: string): Promise<KnownDevice> {
    // Anything else names no device, and would only be read for nothing.
    if (!idShape.test(id)) throw unknownDevice();
    const recent = await this.recent(id);
    const state = recent.status === 'absent' ? (await this.states.refresh(id)).state : recent;
    if (state.status === 'absent') throw unknownDevice();
    return state;
  }

  /** As the log says now, for who is let in once and stays: what it connects with may not have been revoked. */
  async isRetired(id: string): Promise<boolean> {
    return (await this.states.refresh(id)).state.status === 'retired';
  }

  private async recent(id: string): Promise<DeviceState> {
    const age = performance.now() - (this.readAt.get(id) ?? -Infinity);
    const cached = age < maxAgeMs ? this.states.cached(id) : undefined;
    if (cached) return cached.state;
    const { state } = await this.states.refresh(id);
    this.readAt.set(id, performance.now());
    return state;
  }
}
