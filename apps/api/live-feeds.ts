import { Refusal } from '#kernel/refusal.js';

export interface LiveFeedLimits {
  readonly inAll: number;
  readonly perKey: number;
}

export const defaultLiveFeeds: LiveFeedLimits = { inAll: 200, perKey: 20 };

/** Counts live feeds: each holds a connection and its place in the log for as long as its reader likes. */
export class LiveFeeds {
  private all = 0;
  private readonly byKey = new Map<string, number>();

  constructor(private readonly limits: LiveFeedLimits = defaultLiveFeeds) {}

  /** Returns the way to give the feed back. Throws a `Refusal` (`too-many`). */
  open(key: string): () => void {
    const own = this.byKey.get(key) ?? 0;
    if (own >= this.limits.perKey) throw tooMany('too many live feeds of this key are open');
    if (this.all >= this.limits.inAll) throw tooMany('too many live feeds are open');
    this.all += 1;
    this.byKey.set(key, own + 1);
    return () => {
      this.all -= 1;
      const left = (this.byKey.get(key) ?? 1) - 1;
      if (left === 0) this.byKey.delete(key);
      else this.byKey.set(key, left);
    };
  }
}

const tooMany = (message: string) =>
  new Refusal('TOO_MANY_FEEDS', 'too-many', message, { retryAfterSeconds: 10 });
