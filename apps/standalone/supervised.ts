import { setTimeout as sleep } from 'node:timers/promises';

import type { AppEnd } from '#embedded/app-process.js';
import { NeedsOperator } from '#embedded/needs-operator.js';

/** One running process of a part. */
export interface Running {
  readonly pid: number;
  /** Rejects if the process ends first. */
  readonly ready: Promise<unknown>;
  readonly ended: Promise<AppEnd>;
  stop(timeoutMs: number): Promise<unknown>;
}

export interface Part {
  readonly name: string;
  /** Starts the process; a rejection counts as an end before it was ready. */
  start(): Promise<Running>;
  /** Parts that must be ready before this one is started. */
  readonly after: readonly Supervised[];
}

export interface Watcher {
  started(part: string, pid: number): void;
  /** It ended by itself and is started again after `delayMs`. */
  died(part: string, how: string, delayMs: number): void;
  /** It will not be started again: it ended time and again without getting ready, or says that trying is no use. */
  gaveUp(part: string, how: string, deaths: number): void;
}

const firstDelayMs = 200;
const longestDelayMs = 5_000;
const steadyAfterMs = 30_000;
const deathLimit = 5;
const deathWindowMs = 60_000;

/** Keeps one part running: starts it again, ever more slowly, and gives up on one that never gets ready. */
export class Supervised {
  readonly name: string;
  private running: Running | undefined;
  private stopping = false;
  private delayMs = firstDelayMs;
  private deaths: number[] = [];
  private hopeless = false;
  private gate = new Gate();

  constructor(
    private readonly part: Part,
    private readonly watcher: Watcher,
    /** Why a part cannot start through no fault of its own, such as a full disk. */
    private readonly excuse: () => Promise<string | undefined> = () => Promise.resolve(undefined),
  ) {
    this.name = part.name;
  }

  /** Starts supervising; resolves when the part is ready for the first time. */
  start(): Promise<unknown> {
    void this.keepRunning();
    return this.gate.opened;
  }

  /** Resolves when the part is ready now. */
  get ready(): Promise<unknown> {
    return this.gate.opened;
  }

  /** Asks the process to end, and kills it after `timeoutMs`. It is not started again. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopping = true;
    await this.running?.stop(timeoutMs);
  }

  private async keepRunning(): Promise<void> {
    while (!this.stopping) {
      const end = await this.runOnce();
      if (this.isStopping()) return;
      const excuse = await this.excuse();
      if (excuse !== undefined) this.deaths = [];
      const how = excuse === undefined ? end : `${end.split('\n')[0] ?? ''} (${excuse})`;
      if (this.hopeless || this.deaths.length >= deathLimit) {
        this.gate.give(new Error(`${this.name} does not start`));
        this.watcher.gaveUp(this.name, how, this.deaths.length);
        return;
      }
      this.watcher.died(this.name, how, this.delayMs);
      await sleep(this.delayMs);
      this.delayMs = Math.min(this.delayMs * 2, longestDelayMs);
    }
  }

  /** Resolves with how the process ended. */
  private async runOnce(): Promise<string> {
    try {
      await this.prerequisites();
      if (this.stopping) return 'stopped';
      return await this.watch(await this.part.start());
    } catch (error) {
      this.countDeath();
      this.hopeless = error instanceof NeedsOperator;
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Without what it needs a part is not started: who gave up on that has said so. */
  private async prerequisites(): Promise<void> {
    try {
      await Promise.all(this.part.after.map((other) => other.ready));
    } catch {
      this.stopping = true;
    }
  }

  private async watch(running: Running): Promise<string> {
    this.running = running;
    this.watcher.started(this.name, running.pid);
    // Stop may have been called while the process was being started.
    if (this.isStopping()) await running.stop(1_000);
    const startedAt = performance.now();
    await running.ready;
    this.deaths = [];
    this.gate.open();
    const end = await running.ended;
    this.gate = new Gate();
    if (performance.now() - startedAt > steadyAfterMs) this.delayMs = firstDelayMs;
    return end.signal === null
      ? `ended with exit code ${end.code ?? 'unknown'}`
      : `was ended by ${end.signal}`;
  }

  private countDeath(): void {
    const now = performance.now();
    this.deaths = [...this.deaths.filter((at) => now - at < deathWindowMs), now];
  }

  private isStopping(): boolean {
    return this.stopping;
  }
}

/** What waiters for a part wait at. */
class Gate {
  readonly opened: Promise<void>;
  open!: () => void;
  give!: (reason: Error) => void;

  constructor() {
    this.opened = new Promise<void>((resolve, reject) => {
      this.open = resolve;
      this.give = reject;
    });
    // A part that is given up on while nobody waits is reported by the watcher.
    this.opened.catch(() => undefined);
  }
}
