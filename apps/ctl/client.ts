import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { CommandFailure, exitCodes } from './exit-codes.js';
import type { Settings } from './settings.js';

/** RFC 9457, as the API answers it. */
export interface ProblemDocument {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly reason: string }[];
  readonly [extension: string]: unknown;
}

/** The API refused. */
export class ApiProblem extends CommandFailure {
  constructor(
    readonly status: number,
    readonly problem: ProblemDocument,
  ) {
    const details = (problem.errors ?? []).map(
      ({ pointer, reason }) => `\n  ${pointer}: ${reason}`,
    );
    const what = problem.detail ?? problem.title ?? `status ${status}`;
    super(
      `${problem.code ?? `HTTP ${status}`}: ${what}${details.join('')}`,
      status === 502 || status === 503 || status === 504 ? exitCodes.unreachable : exitCodes.failed,
    );
  }
}

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream;
}

export interface StreamOptions {
  readonly method?: Call['method'];
  readonly signal?: AbortSignal;
}

const attempts = 4;

/** The HTTP API, and nothing else of Voltrace. Throws `CommandFailure` for whatever goes wrong. */
export class ApiClient {
  constructor(private readonly settings: Settings) {}

  async get<T>(path: string, query?: Query): Promise<T> {
    const response = await this.patiently({ method: 'GET', path, query });
    return (await response.json()) as T;
  }

  /** A write: repeated under the same Idempotency-Key when the answer was lost, so it happens once. */
  post<T>(
    path: string,
    body: object = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const json = { 'content-type': 'application/json', ...headers };
    return this.postText(path, {}, JSON.stringify(body), json);
  }

  /** As `post`, for a body of another type. */
  async postText<T>(
    path: string,
    query: Query,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<T> {
    const response = await this.patiently({
      ...{ method: 'POST', path, query, body },
      headers: { 'idempotency-key': randomUUID(), ...headers },
    });
    return (await response.json()) as T;
  }

  /** Sends a stream, once: what it was read from may not be there a second time. */
  async upload<T>(
    path: string,
    query: Query,
    headers: Readonly<Record<string, string>>,
    body: ReadableStream,
  ): Promise<T> {
    const sent = this.call({ method: 'POST', path, query, headers, body });
    const response = await sent.catch((error: unknown) => {
      throw isBrokenOff(error) ? this.uploadClosed(error as CommandFailure) : error;
    });
    return (await response.json()) as T;
  }

  /** The server took the connection and closed it: it is there, and did not want all of the file. */
  private uploadClosed({ cause }: CommandFailure): CommandFailure {
    return new CommandFailure(
      `${this.settings.url} closed the upload before all of the file was sent, and its answer could ` +
        'not be read. The file may be larger than it takes, not a CSV text, or the key may lack the ' +
        'right to import; its log says which.',
      exitCodes.failed,
      { cause },
    );
  }

  /** An answer of any length, as text pieces. */
  async *stream(
    path: string,
    query: Query,
    headers: Readonly<Record<string, string>>,
    { method = 'GET', signal }: StreamOptions = {},
  ): AsyncGenerator<string> {
    const response = await this.call({ method, path, query, headers }, signal);
    if (!response.body) return;
    try {
      const text = response.body.pipeThrough(new TextDecoderStream());
      for await (const piece of text) yield piece;
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  /** An answer of any length, as it was sent. */
  async *bytes(path: string, query: Query): AsyncGenerator<Uint8Array> {
    const response = await this.call({ method: 'GET', path, query, headers: { accept: '*/*' } });
    try {
      if (response.body) yield* response.body;
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  /** Every page of a list, one item after the other. */
  async *items<T>(path: string, query: Query, limit = Infinity): AsyncGenerator<T> {
    let cursor: string | undefined;
    let left = limit;
    do {
      const pageSize = Math.min(left, 1_000);
      const page = await this.get<{ items: T[]; nextCursor: string | null }>(path, {
        ...query,
        limit: pageSize,
        cursor,
      });
      yield* page.items;
      left -= page.items.length;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && left > 0);
  }

  private async patiently(call: Call): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.call(call);
      } catch (error) {
        const passing = error instanceof CommandFailure && error.exitCode === exitCodes.unreachable;
        // A server that nobody listens for is not there; one that broke off may come back.
        if (!passing || attempt === attempts || isRefusedConnection(error)) throw error;
        await sleep(250 * 2 ** attempt);
      }
    }
  }

  private async call(call: Call, signal?: AbortSignal): Promise<Response> {
    const url = new URL(this.settings.url + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await this.fetched(url, call, signal);
    if (response.ok) return response;
    throw new ApiProblem(response.status, await problemIn(response));
  }

  private async fetched(
    url: URL,
    { method, headers, body }: Call,
    signal?: AbortSignal,
  ): Promise<Response> {
    try {
      return await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.settings.key}`,
          accept: 'application/json',
          ...headers,
        },
        // A key is for the server that it was given for, not for one that this one points at.
        redirect: 'error',
        ...(body !== undefined && { body, duplex: 'half' as const }),
        ...(signal && { signal }),
      });
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private unreachable(error: unknown): CommandFailure {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    const why = cause?.code ?? cause?.message ?? (error as Error).message;
    return new CommandFailure(
      `${this.settings.url} cannot be reached (${why}). Is Voltrace running (npm start)? ` +
        'Another address is given by --url or VOLTRACE_URL.',
      exitCodes.unreachable,
      { cause: error },
    );
  }
}

function isRefusedConnection(error: CommandFailure): boolean {
  const cause = (error.cause as { cause?: { code?: string } } | undefined)?.cause;
  return cause?.code === 'ECONNREFUSED' || cause?.code === 'ENOTFOUND';
}

function isBrokenOff(error: unknown): boolean {
  if (!(error instanceof CommandFailure)) return false;
  const cause = (error.cause as { cause?: { code?: string } } | undefined)?.cause;
  return ['EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET'].includes(cause?.code ?? '');
}

async function problemIn(response: Response): Promise<ProblemDocument> {
  const text = await response.text();
  try {
    return JSON.parse(text) as ProblemDocument;
  } catch {
    return { detail: `${response.status} ${response.statusText} ${text.slice(0, 200)}`.trim() };
  }
}
