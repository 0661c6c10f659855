import { Refusal } from '#kernel/refusal.js';

/** Previews at the same time in one process: each reads as much of the log as an import does. */
const maxPreviews = 2;

/** Who makes a preview now: each key one at a time, so that none takes every place of the process. */
export class PreviewPlaces {
  private readonly taken = new Set<string>();

  /** Throws `PREVIEWS_BUSY` where the key gets no place now. */
  check(key: string): void {
    if (this.taken.has(key)) throw busy('a preview for this key is being made already');
    if (this.taken.size >= maxPreviews) {
      throw busy(`${String(maxPreviews)} previews are being made already`);
    }
  }

  /** Throws as `check` does, and what the work throws. */
  async during<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.check(key);
    this.taken.add(key);
    try {
      return await work();
    } finally {
      this.taken.delete(key);
    }
  }
}

const busy = (detail: string) =>
  new Refusal('PREVIEWS_BUSY', 'too-many', detail, { retryAfterSeconds: 10 });
