import type { RecordedEvent } from './event.js';

/** About 8 MiB of ids. */
const MAX_IDS = 50_000;

export interface WrittenId {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
}

/**
 * Where recently written events went, by their id: how an append without an explicit revision is
 * recognised when it is repeated. Bounded and lost at a restart, hence best effort.
 */
export class RecentIds {
  private readonly ids = new Map<string, WrittenId>();

  find(id: string): WrittenId | undefined {
    return this.ids.get(id);
  }

  add(event: RecordedEvent): void {
    this.ids.delete(event.id);
    const { stream, revision, position } = event;
    this.ids.set(event.id, { stream, revision, position });
    if (this.ids.size <= MAX_IDS) return;
    for (const oldest of this.ids.keys()) {
      this.ids.delete(oldest);
      return;
    }
  }
}
