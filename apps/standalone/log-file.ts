import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const maxBytes = 10 * 1024 * 1024;
const keptFiles = 3;
/** What waits for the end of the turn, at most. */
const waitingLength = 64 * 1024;

/** A log file that never grows beyond 10 MB: older lines are in `.1` to `.3`. */
export class LogFile {
  /** Absent after it could not be opened. */
  private file: number | undefined;
  private size = 0;
  private waiting = '';

  constructor(private readonly path: string) {
    this.open();
  }

  /** Writes text that ends in a newline, together with what else comes in the same turn of the loop. */
  write(text: string): void {
    if (this.waiting === '') setImmediate(() => this.flush());
    this.waiting += text;
    if (this.waiting.length > waitingLength) this.flush();
  }

  flush(): void {
    const text = this.waiting;
    this.waiting = '';
    if (text === '') return;
    try {
      const file = this.file ?? this.open();
      const fits = this.size + text.length <= maxBytes;
      this.size += writeSync(fits ? file : this.rotate(file), text);
    } catch {
      // A full disk must not stop what works without a log.
    }
  }

  close(): void {
    this.flush();
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private open(): number {
    this.file = openSync(this.path, 'a', 0o600);
    this.size = fstatSync(this.file).size;
    return this.file;
  }

  private rotate(file: number): number {
    this.file = undefined;
    closeSync(file);
    for (let age = keptFiles - 1; age >= 0; age--) {
      const from = age === 0 ? this.path : `${this.path}.${age}`;
      if (existsSync(from)) renameSync(from, `${this.path}.${age + 1}`);
    }
    return this.open();
  }
}
