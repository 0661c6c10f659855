import { types } from 'node:util';

/** Classes of SQLSTATE that concern the server, not the data: */
const storeClasses = new Set([
  '08', // connection exception
  '40', // transaction rollback: deadlock, serialization
  '53', // insufficient resources: disk full, too many connections
  '57', // operator intervention: shutdown, statement time-out
  '58', // system error: I/O
]);

/** A lock that could not be acquired in time, and a transaction that was idle for too long. */
const storeStates = new Set(['55P03', '25P03', '25P04']);

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Errors of `pg` without a code. */
const messages = [
  /^connection terminated/i,
  /timeout exceeded when trying to connect/i,
  /^timeout expired$/i,
  /^query read timeout$/i,
  /not queryable$/i,
  /^client was closed/i,
  /cannot use a pool after calling end/i,
];

/**
 * Whether `error`, thrown by a statement, is the fault of the store and not of what was written:
 * then the same statement is tried again for as long as it takes.
 */
export const isStoreFault = (error: unknown): boolean => {
  // By a test of Node's: sockets may fail by errors of another realm, as they do in tests.
  if (!types.isNativeError(error)) return false;
  if (error instanceof AggregateError && error.errors.some(isStoreFault)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^[0-9A-Z]{5}$/.test(code) && 'severity' in error) {
    return storeClasses.has(code.slice(0, 2)) || storeStates.has(code);
  }
  // A Unix socket that is gone.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
  return networkCodes.has(code) || messages.some((pattern) => pattern.test(error.message));
};

/** Whether Postgres refused a statement because its disk is full. */
export const isDiskFull = (error: unknown): boolean =>
  types.isNativeError(error) && 'severity' in error && 'code' in error && error.code === '53100';

/** Whether `error` means that a schema or table is not there (yet). */
export const isMissingRelation = (error: unknown): boolean =>
  types.isNativeError(error) &&
  'code' in error &&
  (error.code === '42P01' || error.code === '3F000');

/** Whether `error` means that a table does not have a column (yet). */
export const isMissingColumn = (error: unknown): boolean =>
  types.isNativeError(error) && 'code' in error && error.code === '42703';
