import type { Position } from './event-log.js';
import { isAfter } from './position.js';

interface Wait {
  readonly position: Position;
  readonly end: () => void;
}

/** Those who wait until something has come as far as a position of the log. */
export class PositionWaits {
  private readonly waits = new Set<Wait>();

  /** Resolves once `reached` was called with that position or a later one, or after `timeoutMs`. */
  wait(position: Position, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waits.delete(wait);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      const wait: Wait = { position, end };
      this.waits.add(wait);
    });
  }

  reached(position: Position): void {
    for (const wait of this.waits) if (!isAfter(wait.position, position)) wait.end();
  }
}
