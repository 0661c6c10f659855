/** The read of one thing that is under way, and the one that comes after it. */
interface Line<T> {
  readonly running: Promise<T>;
  next?: Promise<T>;
}

/**
 * Reads that many ask for at once. What a caller gets was read after it asked: whoever comes during a
 * read waits for the next, and all who wait share that one.
 */
export class SharedReads<T> {
  private readonly lines = new Map<string, Line<T>>();

  /** Rejects as the read does. */
  read(key: string, start: () => Promise<T>): Promise<T> {
    const line = this.lines.get(key);
    if (!line) return this.begin(key, start);
    line.next ??= line.running.then(
      () => this.begin(key, start),
      () => this.begin(key, start),
    );
    return line.next;
  }

  private begin(key: string, start: () => Promise<T>): Promise<T> {
    const line: Line<T> = { running: start() };
    this.lines.set(key, line);
    const over = (): void => {
      // Else the next one has taken its place.
      if (this.lines.get(key) === line && !line.next) this.lines.delete(key);
    };
    line.running.then(over, over);
    return line.running;
  }
}
