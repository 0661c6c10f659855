import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { newest } from '#event-log/reading.js';

import { relayDecider } from './decider.js';
import { type RelayEvent, relayStream } from './events.js';

/** What operators asked of the relay, folded from its stream. */
export class RelayControl {
  private folded = relayDecider.initialState;
  private last = -1n;
  private readonly resets = new Map<string, bigint>();
  private fresh = false;
  /** In which the stream was read; in another one it may be the stream of another log. */
  private epoch: number | undefined;
  /** The newest request when the position was found missing. */
  private missingAt: bigint | undefined;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly log: Pick<EventLog, 'readStream' | 'epoch'>) {}

  /** Hears of what is asked from now on. Returns the way to stop hearing. */
  follow(tail: Pick<LogTail, 'onEvent'>): () => void {
    return tail.onEvent(({ stream }) => {
      if (stream !== relayStream) return;
      this.fresh = false;
      for (const wake of [...this.waiting]) wake();
    });
  }

  get paused(): boolean {
    return this.folded.paused;
  }

  get revision(): bigint {
    return this.last;
  }

  /** Whether everything that is known to be asked has been read. */
  get isFresh(): boolean {
    return this.fresh;
  }

  /** Reads on. Throws what the log says, and a `Refusal` for an event that this version does not know. */
  async refresh(): Promise<void> {
    this.fresh = true;
    this.forgetAfterLostConnection();
    try {
      for await (const stored of this.log.readStream(relayStream, { from: this.last + 1n })) {
        const event = newest<RelayEvent>(relayDecider, stored);
        if (event) this.folded = relayDecider.evolve(this.folded, event);
        if (event?.type === 'RelayTopicReset') this.resets.set(event.data.topic, stored.revision);
        this.last = stored.revision;
      }
    } catch (error) {
      this.fresh = false;
      throw error;
    }
  }

  private forgetAfterLostConnection(): void {
    const { epoch } = this.log;
    if (this.epoch === epoch) return;
    this.epoch = epoch;
    this.folded = relayDecider.initialState;
    this.last = -1n;
    this.resets.clear();
  }

  /** Topics of which a reset was asked after the revision `done`. */
  resetsAfter(done: bigint): string[] {
    return [...this.resets].filter(([, revision]) => revision > done).map(([topic]) => topic);
  }

  /**
   * Topics of which a reset has to be carried out, given the revision that the position says is done.
   * Without a position of this log only what is asked from now on counts: nobody meant this loss by an older one.
   */
  openResets(done: bigint | undefined): string[] {
    if (done === undefined) {
      const { missingAt = this.last } = this;
      this.missingAt = missingAt < this.last ? missingAt : this.last;
      return this.resetsAfter(this.missingAt);
    }
    this.missingAt = undefined;
    return this.resetsAfter(done);
  }

  /** What is asked from here on counts for a log that was replaced. Best effort: the next opening notes it too. */
  async noteReplaced(): Promise<void> {
    await this.refresh().then(
      () => this.openResets(undefined),
      () => undefined,
    );
  }

  /** Resolves when something new is asked, when `signal` aborts, or after `ms`. */
  async changed(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.waiting.add(done);
    });
  }
}
