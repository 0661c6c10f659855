import { pick } from '../support/seeded.js';
import type { Operation } from './document.js';
import { hostileBytes, hostileText, mutated } from './hostile.js';

type Random = () => number;

export interface HostileRequest {
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What earlier answers gave away: ids of things that exist and cursors. */
export interface Findings {
  readonly ids: readonly string[];
  readonly cursors: readonly string[];
}

/** The keys to knock with, of several roles; empty for none. */
export type Keys = readonly string[];

/** The next request. The same random numbers and findings give the same one. */
export const hostileRequest = (
  random: Random,
  operations: readonly Operation[],
  keys: Keys,
  findings: Findings,
): HostileRequest => {
  const operation = pick(random, operations);
  const method =
    random() < 0.03
      ? pick(random, ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
      : operation.method;
  const path = pathOf(random, operation, findings) + queryOf(random, operation, findings);
  const { body, type } = bodyOf(random, operation);
  return {
    operation,
    method,
    path,
    headers: { ...headersOf(random, keys), ...(type !== undefined && { 'content-type': type }) },
    ...(body && { body }),
  };
};

const pathOf = (random: Random, { path }: Operation, { ids }: Findings): string => {
  const filled = path.replaceAll(/\{\w+\}/g, () =>
    random() < 0.6 && ids.length > 0 ? pick(random, ids) : encoded(hostileText(random)),
  );
  const kind = random();
  if (kind < 0.01) return `${filled}/${encoded(hostileText(random))}`;
  if (kind < 0.02) return `${filled}%${pick(random, ['', '2', 'zz', '00', 'C3', 'FF'])}`;
  return filled;
};

/** Percent-encoded; what cannot be, as the bytes of a broken encoder. */
const encoded = (text: string): string => {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80';
  }
};

const queryOf = (random: Random, { query }: Operation, findings: Findings): string => {
  const names = query.filter(() => random() < 0.35);
  if (random() < 0.08) names.push(hostileText(random));
  if (names[0] !== undefined && random() < 0.05) names.push(names[0]);
  const parts = names.map((name) => `${encoded(name)}=${valueOf(random, name, findings)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
};

const usual: ReadonlyMap<string, readonly string[]> = new Map([
  ['limit', ['1', '2', '50', '1000']],
  ['kind', ['products', 'manufacturers']],
  ['format', ['csv', 'ndjson', 'json']],
  ['dryRun', ['true', 'false']],
  ['sort', ['code', 'changed', 'manufacturer', 'model']],
  ['to', ['start', '1']],
]);

const valueOf = (random: Random, name: string, { cursors }: Findings): string => {
  const kind = random();
  if (name === 'cursor' && kind < 0.5 && cursors.length > 0) {
    const cursor = pick(random, cursors);
    if (random() < 0.3) return encodeURIComponent(cursor);
    // One letter is another one.
    const at = Math.floor(random() * cursor.length);
    return encodeURIComponent(cursor.slice(0, at) + 'A' + cursor.slice(at + 1));
  }
  const values = usual.get(name);
  return values && kind < 0.6 ? pick(random, values) : encoded(hostileText(random));
};

const headersOf = (random: Random, keys: Keys): Record<string, string> => {
  const headers: Record<string, string> = {};
  const key = pick(random, keys);
  if (key !== '') headers['authorization'] = `Bearer ${key}`;
  const odd = (name: string, values: readonly string[]): void => {
    if (random() < 0.04) headers[name] = pick(random, values);
  };
  odd('if-match', ['"0"', '"1"', '"99999999999999999999"', '*', 'W/"1"', '"-1"', '"', 'x']);
  odd('idempotency-key', ['same', 'a'.repeat(300), 'b c', '\u00e4']);
  odd('authorization', ['Bearer', 'Basic eDp5', 'Bearer vt_x_y', `Bearer ${'v'.repeat(3_000)}`]);
  odd('accept', ['text/csv', 'application/xml', '*/*;q=0', 'text/html', 'application/x-ndjson']);
  odd('x-request-id', ['not-a-uuid', 'x'.repeat(2_000)]);
  odd('last-event-id', ['-1', '99999999999999999999', 'x']);
  odd('content-encoding', ['gzip', 'br', 'identity', 'x']);
  odd('expect', ['100-continue', 'x']);
  odd('range', ['bytes=0-1']);
  odd('traceparent', ['00-0-0-0', 'x']);
  return headers;
};

const types = [
  'application/json',
  'text/csv',
  'text/plain',
  'application/xml',
  'a',
  'application/json; charset=utf-16',
];

const bodyOf = (random: Random, { body }: Operation): { body?: Buffer; type?: string } => {
  if (body === undefined) {
    return random() < 0.02 ? { body: Buffer.from('{}'), type: pick(random, types) } : {};
  }
  if (random() < 0.03) return {};
  const type = random() < 0.05 ? pick(random, types) : body.type;
  if (typeof body.example === 'string') {
    const text = random() < 0.5 ? body.example : body.example + hostileText(random);
    return { body: Buffer.from(text), type };
  }
  const json = JSON.stringify(random() < 0.25 ? body.example : mutated(random, body.example ?? {}));
  return { body: random() < 0.06 ? hostileBytes(random, json) : Buffer.from(json), type };
};
