import { isUtf8 } from 'node:buffer';

import type { RawEvent } from '#event-log/raw-log.js';

/** Bytes in a line of JSON: as text where that gives the same bytes back without growing much, else as base64. */
type Bytes = string | { readonly base64: string };

const bytesToLine = (bytes: Buffer): Bytes => {
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    // Control characters take six letters each.
    if (JSON.stringify(text).length <= 2 * bytes.length + 2) return text;
  }
  return { base64: bytes.toString('base64') };
};

/** A line of a chunk, without its end. */
export const eventToLine = (event: RawEvent): string => {
  const { stream, revision, id, type, isJson, created, position, data, metadata } = event;
  return JSON.stringify({
    stream,
    revision: revision.toString(),
    id,
    type,
    isJson,
    created,
    position: `${position.commit.toString()}/${position.prepare.toString()}`,
    data: bytesToLine(data),
    metadata: bytesToLine(metadata),
  });
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const base64Text = /^[A-Za-z0-9+/]*={0,2}$/;

/** What a chunk's line says; an Error that names the member where it says something else. */
export const lineToEvent = (line: string): RawEvent => {
  const members = JSON.parse(line) as Record<string, unknown> | null;
  if (typeof members !== 'object' || members === null) throw new Error('it is no object');
  const textOf = (name: string, pattern: RegExp): string => {
    const value = members[name];
    if (typeof value !== 'string' || !pattern.test(value))
      throw new Error(`"${name}" is not what it should be`);
    return value;
  };
  const { isJson } = members;
  if (typeof isJson !== 'boolean') throw new Error('"isJson" is not what it should be');
  const [commit = '', prepare = ''] = textOf('position', /^\d{1,20}\/\d{1,20}$/).split('/');
  return {
    stream: textOf('stream', /^[^\0]+$/),
    revision: BigInt(textOf('revision', /^\d{1,19}$/)),
    id: textOf('id', uuid),
    type: textOf('type', /^[^\0]+$/),
    isJson,
    created: textOf('created', /^\d{1,19}$/),
    position: { commit: BigInt(commit), prepare: BigInt(prepare) },
    data: lineToBytes('data', members['data']),
    metadata: lineToBytes('metadata', members['metadata']),
  };
};

const lineToBytes = (name: string, value: unknown): Buffer => {
  if (typeof value === 'string') return Buffer.from(value);
  const base64 = (value as { base64?: unknown } | null | undefined)?.base64;
  if (typeof base64 !== 'string' || !base64Text.test(base64))
    throw new Error(`"${name}" is not what it should be`);
  return Buffer.from(base64, 'base64');
};
