import { LRUCache } from 'lru-cache';

import type { EventLog } from './event-log.js';

/**
 * What was read of the log, the values used last up to `max`. It forgets all of them after a lost
 * connection: the log may be another one then, or lack what it had acknowledged.
 */
export class LogCache<V extends object | string | bigint> {
  private readonly values: LRUCache<string, V>;
  private epoch: number;

  constructor(
    private readonly log: Pick<EventLog, 'epoch'>,
    max: number,
  ) {
    this.values = new LRUCache({ max });
    this.epoch = log.epoch;
  }

  get(key: string): V | undefined {
    if (this.epoch !== this.log.epoch) {
      this.values.clear();
      this.epoch = this.log.epoch;
    }
    return this.values.get(key);
  }

  set(key: string, value: V): void {
    this.values.set(key, value);
  }

  delete(key: string): void {
    this.values.delete(key);
  }
}
