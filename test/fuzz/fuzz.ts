import { Agent } from 'node:http';

import { pick, seeded } from '../support/seeded.js';
import type { Operation } from './document.js';
import { faultOf, type HostileAnswer } from './judge.js';
import { rawRequests, sendRaw } from './raw.js';
import { hostileRequest, type Keys } from './request.js';
import { send } from './send.js';

export interface FuzzOptions {
  /** Where the API is, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly operations: readonly Operation[];
  /** The problem codes that are documented, each with its statuses. */
  readonly codes: ReadonlyMap<string, ReadonlySet<number>>;
  readonly keys: Keys;
  readonly seed: number;
  readonly requests: number;
  readonly concurrency: number;
  readonly onProgress?: (sent: number) => void;
}

export interface FuzzReport {
  readonly statuses: ReadonlyMap<number, number>;
  /** One line for each kind of fault, with the first request that showed it. */
  readonly faults: ReadonlyMap<string, { count: number; readonly first: string }>;
}

/** One request in so many is no HTTP at all. */
const rawShare = 0.01;
const kept = 200;

/** Sends hostile requests and compares each answer with what is documented. */
export const fuzz = async (options: FuzzOptions): Promise<FuzzReport> => {
  const random = seeded(options.seed);
  const target = new URL(options.url);
  const agent = new Agent({ keepAlive: true, maxSockets: options.concurrency });
  const findings = { ids: [] as string[], cursors: [] as string[] };
  const statuses = new Map<number, number>();
  const faults = new Map<string, { count: number; readonly first: string }>();
  let sent = 0;

  const note = (fault: string, request: string): void => {
    const kind = fault.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>').slice(0, 300);
    const known = faults.get(kind);
    if (known) known.count += 1;
    else faults.set(kind, { count: 1, first: request });
  };
  const learn = ({ status, text }: HostileAnswer): void => {
    if (status >= 300) return;
    for (const [, id] of text.matchAll(/"(?:id|code)":"([^"]+)"/g)) {
      // A key that revokes itself would end the run.
      const own = options.keys.some((key) => key.includes(String(id).replaceAll('-', '')));
      if (!own) keep(findings.ids, id);
    }
    for (const [, cursor] of text.matchAll(/"(?:nextCursor|resumeFrom)":"([^"]+)"/g)) {
      keep(findings.cursors, cursor);
    }
  };
  const one = async (): Promise<void> => {
    const raw = random() < rawShare ? pick(random, rawRequests) : undefined;
    const request = hostileRequest(random, options.operations, options.keys, findings);
    const shown =
      raw ??
      `${request.method} ${request.path} ${JSON.stringify(shownHeaders(request.headers))} ${String(request.body?.subarray(0, 300) ?? '')}`;
    try {
      const answer = await (raw === undefined
        ? send(target, agent, request)
        : sendRaw(target, raw));
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const same = request.method === request.operation.method;
      const operation = raw === undefined && same ? request.operation : undefined;
      const fault = faultOf(answer, operation, options.codes);
      if (fault !== undefined) note(fault, shown);
      learn(answer);
    } catch (error) {
      note(`no answer: ${(error as Error).message}`, shown);
    }
  };
  const worker = async (): Promise<void> => {
    while (sent < options.requests) {
      sent += 1;
      if (sent % 1_000 === 0) options.onProgress?.(sent);
      await one();
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  agent.destroy();
  return { statuses, faults };
};

/** Without the key. */
const shownHeaders = ({ authorization: _, ...rest }: Readonly<Record<string, string>>) => rest;

const keep = (found: string[], value: string | undefined): void => {
  if (value === undefined || value.length > 2_000) return;
  found.push(value);
  if (found.length > kept) found.shift();
};

/** The report as lines. */
export const reportLines = ({ statuses, faults }: FuzzReport): readonly string[] => [
  [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${String(status)}: ${String(count)}`)
    .join(', '),
  ...[...faults].map(
    ([fault, { count, first }]) =>
      `${String(count)} x ${fault}\n    first: ${JSON.stringify(first)}`,
  ),
];
