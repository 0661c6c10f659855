import type { DestinationStream } from 'pino';

const collectMs = 100;
const collectLength = 8 * 1024;

const pinoMetadata: unique symbol = Symbol.for('pino.metadata');
/** As pino numbers it. */
const errorLevel = 50;

/**
 * Collects log lines for a moment, so that many are written at once. Errors are written at once, with what
 * was collected before them, and everything is when the process ends.
 *
 * A process that nobody has told what to do at SIGTERM is ended by it without a word, so its lines do not wait.
 */
export class CollectedLines implements DestinationStream {
  /** Has pino set `lastLevel` before each line. */
  readonly [pinoMetadata] = true;
  lastLevel = 0;
  private lines = '';
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sink: DestinationStream) {
    process.on('exit', () => {
      this.flush();
    });
  }

  write(line: string): void {
    this.lines += line;
    const waits =
      this.lastLevel < errorLevel &&
      this.lines.length < collectLength &&
      process.listenerCount('SIGTERM') > 0;
    if (!waits) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), collectMs).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { lines } = this;
    this.lines = '';
    if (lines !== '') this.sink.write(lines);
  }
}
