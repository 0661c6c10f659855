import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { sendSignal } from './processes.js';

export type OutputStream = 'stdout' | 'stderr';

export interface AppOptions {
  /** Path of the compiled `main.js`. */
  readonly script: string;
  /** The whole environment of the process. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly args?: readonly string[];
  readonly onLine?: (line: string, stream: OutputStream) => void;
  /** False: the current process may end while this one runs (which ends it, too). Default true. */
  readonly keepsParentAlive?: boolean;
  /** False: traces name compiled files, and the start is a fifth quicker. Default true. */
  readonly sourceMaps?: boolean;
}

/** What an app sends over its channel when it serves: event-node a port, api a url. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly port?: number;
  readonly url?: string;
}

export interface AppEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const keptLines = 40;

/** One of our apps as a child process: it tells over a channel when it is ready, and ends when the channel closes. */
export class AppProcess {
  /** Resolves with the ready message; rejects with the last lines of output if the app ends before. */
  readonly ready: Promise<ReadyMessage>;
  readonly ended: Promise<AppEnd>;
  private readonly child: ChildProcess;
  private readonly lastLines: string[] = [];
  private end: AppEnd | undefined;

  constructor(options: AppOptions) {
    this.child = fork(options.script, [...(options.args ?? [])], {
      env: options.env,
      // The gRPC library names the event node by its address, which Node has a deprecation warning for.
      execArgv: [
        ...(options.sourceMaps === false ? [] : ['--enable-source-maps']),
        '--disable-warning=DEP0123',
      ],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A session of its own: Ctrl-C in the terminal is the parent's to pass on, in its order.
      detached: true,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    this.ended = this.watchEnd();
    this.ready = this.watchReady();
    // Who does not wait for `ready` learns of the end by `ended`.
    this.ready.catch(() => undefined);
    this.readLines(this.child.stdout, 'stdout', options.onLine);
    this.readLines(this.child.stderr, 'stderr', options.onLine);
    if (options.keepsParentAlive === false) this.unref();
  }

  get pid(): number {
    return this.child.pid ?? NaN;
  }

  get isRunning(): boolean {
    return this.end === undefined;
  }

  /** The last lines that the app wrote, oldest first. */
  get output(): string {
    return this.lastLines.join('\n');
  }

  /** SIGTERM, and SIGKILL if it has not ended after `timeoutMs`. */
  async stop(timeoutMs = 10_000): Promise<AppEnd> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), timeoutMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal; a process that has ended is left alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning && this.child.pid !== undefined) sendSignal(this.child.pid, signal);
  }

  private watchEnd(): Promise<AppEnd> {
    return new Promise((resolve) => {
      const ended = (end: AppEnd): void => {
        this.end ??= end;
        resolve(this.end);
      };
      this.child.once('error', (error) => {
        this.keep(error.message);
        ended({ code: null, signal: null });
      });
      // `exit` comes before the last output is read, `close` after.
      this.child.once('exit', (code, signal) => (this.end = { code, signal }));
      this.child.once('close', (code, signal) => ended({ code, signal }));
    });
  }

  private watchReady(): Promise<ReadyMessage> {
    return new Promise((resolve, reject) => {
      this.child.on('message', (message) => {
        if (isReadyMessage(message)) resolve(message);
      });
      void this.ended.then(({ code, signal }) => {
        const how = signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`;
        reject(new Error(`ended ${how} before it was ready:\n${this.output}`));
      });
    });
  }

  private readLines(
    stream: Readable | null,
    name: OutputStream,
    onLine: AppOptions['onLine'],
  ): void {
    if (!stream) return;
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      this.keep(line);
      onLine?.(line, name);
    });
  }

  private keep(line: string): void {
    this.lastLines.push(line.slice(0, 2_000));
    if (this.lastLines.length > keptLines) this.lastLines.shift();
  }

  private unref(): void {
    this.child.unref();
    this.child.channel?.unref();
    for (const stream of [this.child.stdout, this.child.stderr]) {
      (stream as unknown as { unref?: () => void } | null)?.unref?.();
    }
  }
}

function isReadyMessage(message: unknown): message is ReadyMessage {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
  );
}
