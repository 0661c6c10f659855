import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const maxBytes = 10 * 1024 * 1024;
const keptFiles = 3;

/** A log file that never grows beyond 10 MB: older lines are in `.1` to `.3`. */
export class LogFile {
  private file: number;
  private size: number;

  constructor(private readonly path: string) {
    this.file = openSync(path, 'a', 0o600);
    this.size = fstatSync(this.file).size;
  }

  /** Writes text that ends in a newline. */
  write(text: string): void {
    try {
      if (this.size + text.length > maxBytes) this.rotate();
      this.size += writeSync(this.file, text);
    } catch {
      // A full disk must not stop what works without a log.
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private rotate(): void {
    closeSync(this.file);
    for (let age = keptFiles - 1; age >= 0; age--) {
      const from = age === 0 ? this.path : `${this.path}.${age}`;
      if (existsSync(from)) renameSync(from, `${this.path}.${age + 1}`);
    }
    this.file = openSync(this.path, 'a', 0o600);
    this.size = 0;
  }
}
