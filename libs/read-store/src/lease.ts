import type pg from 'pg';

import { AuthenticatedClient } from '#embedded/authenticated-client.js';

import { connectionOf, silent, type StoreLogger } from './read-store.js';

/** A process that is frozen for longer loses its locks; pinging keeps them. */
const frozenMs = 10_000;
const pingMs = 3_000;

/**
 * Advisory locks of this process, on one connection of its own. They only save work: two runners
 * that both believe to hold one are kept apart by the checkpoint. A frozen process loses them,
 * because the server ends a session that does not ping.
 */
export class Lease {
  private client: pg.Client | undefined;
  private connecting: Promise<pg.Client> | undefined;
  private readonly held = new Set<string>();
  private asking: Promise<unknown> = Promise.resolve();
  private ping: NodeJS.Timeout | undefined;
  /** By channel. */
  private readonly listeners = new Map<string, Set<(payload: string) => void>>();

  constructor(
    private readonly url: string,
    private readonly logger: StoreLogger = silent,
    /** What the locks are on: those of one kind have nothing to do with those of another. */
    private readonly kind: 'projection' | 'relay' | 'import' = 'projection',
  ) {}

  holds(key: string): boolean {
    return this.held.has(key);
  }

  /** Whether the lock is held now. Rejects with the store's fault when the store does not answer. */
  async acquire(key: string): Promise<boolean> {
    if (this.held.has(key)) return true;
    const client = this.client ?? (await this.connect());
    const held = await this.ask(client, 'pg_try_advisory_lock', key);
    const locked = held && this.client === client;
    if (locked) this.held.add(key);
    return locked;
  }

  async release(key: string): Promise<void> {
    if (!this.held.delete(key)) return;
    if (this.client) await this.ask(this.client, 'pg_advisory_unlock', key);
  }

  /**
   * Hears what is notified on `channel` while the connection is there; what was said meanwhile is missed
   * where it was lost. Returns the way to stop hearing.
   */
  listen(channel: string, listener: (payload: string) => void): () => void {
    const known = this.listeners.get(channel);
    const listeners = known ?? new Set();
    listeners.add(listener);
    if (!known) {
      this.listeners.set(channel, listeners);
      if (this.client) this.hear(this.client, channel);
    }
    return () => listeners.delete(listener);
  }

  async close(): Promise<void> {
    const { client } = this;
    this.forget();
    await client?.end().catch(() => undefined);
  }

  /** One statement at a time: many builds share the connection. */
  private ask(
    client: pg.Client,
    lock: 'pg_try_advisory_lock' | 'pg_advisory_unlock',
    key: string,
  ): Promise<boolean> {
    const answer = this.asking.then(async () => {
      const { rows } = await client.query<{ done: boolean }>(
        `select ${lock}(hashtextextended($1, 0)) as done`,
        [`voltrace ${this.kind} ${key}`],
      );
      return rows[0]?.done === true;
    });
    this.asking = answer.catch(() => undefined);
    return answer;
  }

  private hear(client: pg.Client, channel: string): void {
    const heard = this.asking.then(() => client.query(`listen ${channel}`));
    // A connection that fails says so itself.
    this.asking = heard.catch(() => undefined);
  }

  private connect(): Promise<pg.Client> {
    this.connecting ??= this.open().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private async open(): Promise<pg.Client> {
    const client = new AuthenticatedClient({
      ...connectionOf(this.url, { applicationName: `voltrace ${this.kind} lease` }),
      options: `-c idle_session_timeout=${String(frozenMs)}`,
    });
    const lost = (error?: Error): void => {
      if (this.client !== client) return;
      this.logger.warn({ err: error }, 'the connection that holds the locks was lost');
      this.forget();
    };
    client.on('error', lost);
    client.on('end', () => {
      lost();
    });
    client.on('notification', ({ channel, payload = '' }) => {
      for (const listener of this.listeners.get(channel) ?? []) listener(payload);
    });
    await client.connect();
    this.client = client;
    for (const channel of this.listeners.keys()) this.hear(client, channel);
    this.ping = setInterval(() => {
      this.asking = this.asking.then(() => client.query('select 1')).catch(lost);
    }, pingMs);
    this.ping.unref();
    return client;
  }

  private forget(): void {
    clearInterval(this.ping);
    this.held.clear();
    this.client = undefined;
  }
}
