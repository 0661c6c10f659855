import { isUtf8 } from 'node:buffer';

import type { StoredRecord as ParkedRecord } from '#subscription/source.js';

import type { ReceivedRecord } from './cloud-event.js';

/** A header's value as JSON: text, or what is no text that Postgres takes. */
type StoredValue = string | { readonly base64: string };
export type StoredHeaders = Readonly<Record<string, StoredValue | readonly StoredValue[]>>;

/** A record as it lies in `subscription.parked`. */
export interface StoredRecord extends ParkedRecord {
  readonly headers: StoredHeaders;
}

/** Whatever bytes a record is made of; a key that is missing or no text is stored as an empty one. */
export const toStored = ({ key, value, headers = {} }: ReceivedRecord): StoredRecord => {
  const storedKey = storedValue(key ?? '');
  return {
    key: typeof storedKey === 'string' ? storedKey : '',
    value: value ?? Buffer.alloc(0),
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, given]) => {
        if (given === undefined || !isStorable(Buffer.from(name))) return [];
        return [
          [
            name,
            Array.isArray(given) ? given.filter(isValue).map(storedValue) : storedValue(given),
          ],
        ];
      }),
    ),
  };
};

/** The record that was stored. */
export const fromStored = ({ key, value, headers }: StoredRecord): ReceivedRecord => ({
  key: Buffer.from(key),
  value,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, stored]) => [name, headerOf(stored)]),
  ),
});

const headerOf = (stored: StoredHeaders[string]): Buffer | Buffer[] =>
  isList(stored) ? stored.map(bytesOf) : bytesOf(stored);

const isList = (stored: StoredHeaders[string]): stored is readonly StoredValue[] =>
  Array.isArray(stored);

const bytesOf = (stored: StoredValue): Buffer =>
  typeof stored === 'string' ? Buffer.from(stored) : Buffer.from(stored.base64, 'base64');

/** The client collects headers in an object with a prototype: under `constructor` lies a function beside the value. */
const isValue = (value: unknown): value is Buffer | string =>
  typeof value === 'string' || Buffer.isBuffer(value);

const storedValue = (value: Buffer | string): StoredValue => {
  const bytes = Buffer.from(value);
  return isStorable(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
};

/** Postgres takes no NUL in text. */
const isStorable = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);
