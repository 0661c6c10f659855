const quietMs = 60_000;
const keptTexts = 200;

/** Tells what was said a moment ago: a part that waits for something says so again and again. */
export class Repeats {
  private readonly saidAt = new Map<string, number>();

  /** Whether the same text was let through within the last minute. */
  isRepeat(text: string, now = performance.now()): boolean {
    const before = this.saidAt.get(text);
    if (before !== undefined && now - before < quietMs) return true;
    this.saidAt.delete(text);
    this.saidAt.set(text, now);
    for (const oldest of this.saidAt.keys()) {
      if (this.saidAt.size <= keptTexts) break;
      this.saidAt.delete(oldest);
    }
    return false;
  }
}
