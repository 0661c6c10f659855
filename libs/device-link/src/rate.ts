import { LRUCache } from 'lru-cache';

interface Bucket {
  tokens: number;
  at: number;
}

/** How often something may happen for each of many keys: a burst, and so many a second in the long run. */
export class Rate {
  private readonly buckets = new LRUCache<string, Bucket>({ max: 10_000 });

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {}

  /** Whether it may happen now. */
  has(key: string): boolean {
    return this.bucketOf(key).tokens >= 1;
  }

  /** Whether it may happen now, and then it has. */
  allows(key: string): boolean {
    const bucket = this.bucketOf(key);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** It happens; returns how many milliseconds it has to wait for that. */
  delayMs(key: string): number {
    const bucket = this.bucketOf(key);
    bucket.tokens -= 1;
    return bucket.tokens >= 0 ? 0 : (-bucket.tokens / this.perSecond) * 1_000;
  }

  private bucketOf(key: string): Bucket {
    const now = performance.now();
    const known = this.buckets.get(key);
    if (!known) {
      const fresh = { tokens: this.burst, at: now };
      this.buckets.set(key, fresh);
      return fresh;
    }
    known.tokens = Math.min(this.burst, known.tokens + ((now - known.at) / 1_000) * this.perSecond);
    known.at = now;
    return known;
  }
}
