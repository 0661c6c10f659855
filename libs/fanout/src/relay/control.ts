import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { newest } from '#event-log/reading.js';

import { relayDecider } from './decider.js';
import { type RelayEvent, relayStream } from './events.js';

/** What operators requested of the relay, folded from its stream. */
export class RelayControl {
  private folded = relayDecider.initialState;
  private last = -1n;
  private readonly resets = new Map<string, bigint>();
  private fresh = false;
  /** In which the stream was read; in another one it may be the stream of another log. */
  private epoch: number | undefined;
  /** The newest request when the position was found missing. */
  private missingAt: bigint | undefined;
  private wake: () => void = () => undefined;

  constructor(private readonly log: Pick<EventLog, 'readStream' | 'epoch'>) {}

  /** Wakes up at each request from now on. Returns the way to unsubscribe. */
  subscribe(tail: Pick<LogTail, 'onEvent'>): () => void {
    return tail.onEvent(({ stream }) => {
      if (stream !== relayStream) return;
      this.fresh = false;
      this.wake();
    });
  }

  get paused(): boolean {
    return this.folded.paused;
  }

  get revision(): bigint {
    return this.last;
  }

  /** Whether every request that is known of has been read. */
  get isFresh(): boolean {
    return this.fresh;
  }

  /** Reads on. Throws the error of the log, and a `Refusal` for an event that this version does not know. */
  async refresh(): Promise<void> {
    const { epoch } = this.log;
    this.fresh = true;
    if (this.epoch !== epoch) {
      this.folded = relayDecider.initialState;
      this.last = -1n;
      this.resets.clear();
    }
    this.epoch = epoch;
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

  /** Topics of which a reset was requested after the revision `done`. */
  resetsAfter(done: bigint): string[] {
    return [...this.resets].filter(([, revision]) => revision > done).map(([topic]) => topic);
  }

  /**
   * Topics of which a reset has to be carried out, given the revision through which the position has them done.
   * Without a position of this log only later requests count: nobody meant this loss by an older one.
   */
  openResets(done: bigint | undefined): string[] {
    if (done !== undefined) this.missingAt = undefined;
    else if (this.missingAt === undefined || this.missingAt > this.last) this.missingAt = this.last;
    return this.resetsAfter(done ?? this.missingAt ?? this.last);
  }

  /** Requests from here on count for a log that was replaced. Best effort: the next opening notes it too. */
  async noteReplaced(): Promise<void> {
    await this.refresh().then(
      () => this.openResets(undefined),
      () => undefined,
    );
  }

  /** Resolves at the next request, when `signal` aborts, or after `ms`. */
  async changed(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.wake = () => {
      woken.abort();
    };
    await pause(ms, signal, woken.signal);
  }
}
