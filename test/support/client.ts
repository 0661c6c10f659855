import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // The tests look into answers of many shapes.
  readonly body: Record<string, unknown>;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A caller of the API with one key, as a user's program would be. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  async send(path: string, options: RequestOptions = {}): Promise<Reply> {
    const response = await fetch(this.url + path, {
      method: options.method ?? 'GET',
      headers: { authorization: `Bearer ${this.key}`, ...options.headers },
      ...(options.body !== undefined && { body: options.body }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: asObject(text) };
  }

  get(path: string): Promise<Reply> {
    return this.send(path);
  }

  post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.send(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** Issues a key of one role; resolves with the key itself. */
  async newKey(role: string): Promise<string> {
    const body = { name: `test ${role}`, roles: [role], reason: 'test' };
    const reply = await this.post('/v1/api-keys', body);
    if (reply.status !== 201) throw new Error(`a key was refused: ${reply.text}`);
    return String(reply.body['key']);
  }

  /** As `send`, again and again while the other side is away: for tests that kill it. */
  async persist(path: string, options: RequestOptions = {}, withinMs = 120_000): Promise<Reply> {
    const until = Date.now() + withinMs;
    for (;;) {
      try {
        const reply = await this.send(path, options);
        if (reply.status !== 503 && reply.status !== 429) return reply;
        if (Date.now() > until) return reply;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
      await sleep(200);
    }
  }

  /** Sends a file; resolves with the import's id. */
  async importFile(kind: 'products' | 'manufacturers', file: string, query = ''): Promise<string> {
    const reply = await this.persist(`/v1/imports?kind=${kind}${query}`, {
      method: 'POST',
      body: readFileSync(file),
      headers: { 'content-type': 'text/csv' },
    });
    if (reply.status !== 202) throw new Error(`import answered ${reply.status}: ${reply.text}`);
    return String(reply.body['id']);
  }

  /** Waits until the import has ended, and says how. Throws where nothing of it moved for `stuckMs`. */
  async importEnded(id: string, stuckMs = 120_000): Promise<Reply> {
    let until = Date.now() + stuckMs;
    let last = '';
    for (;;) {
      const reply = await this.persist(`/v1/imports/${id}`);
      const state = reply.body['state'];
      if (state !== 'received' && state !== 'running') return reply;
      if (reply.text !== last) until = Date.now() + stuckMs;
      last = reply.text;
      if (Date.now() > until) throw new Error(`import ${id} is stuck: ${reply.text}`);
      await sleep(100);
    }
  }
}

const asObject = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
};
