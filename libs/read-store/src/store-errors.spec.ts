import { describe, expect, it } from 'vitest';

import { isStoreFault } from './store-errors.js';

const withCode = (code: string, severity?: string): Error =>
  Object.assign(new Error('failed'), { code, ...(severity !== undefined && { severity }) });

describe('the fault of a failed statement', () => {
  it.each([
    '08006',
    '40001',
    '40P01',
    '53100',
    '53300',
    '57014',
    '57P01',
    '57P05',
    '58030',
    '55P03',
    '25P03',
  ])('is the store for SQLSTATE %s', (code) => {
    expect(isStoreFault(withCode(code, 'ERROR'))).toBe(true);
  });

  it.each(['22P02', '23505', '42P01', '42601', '22003', 'P0001', 'XX000'])(
    'is what was written for SQLSTATE %s',
    (code) => {
      expect(isStoreFault(withCode(code, 'ERROR'))).toBe(false);
    },
  );

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE'])('is the store for %s', (code) => {
    expect(isStoreFault(withCode(code))).toBe(true);
  });

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
  ])('is the store for "%s"', (message) => {
    expect(isStoreFault(new Error(message))).toBe(true);
  });

  it('is not the store when code of the projection throws', () => {
    expect(isStoreFault(new TypeError('x is not a function'))).toBe(false);
    expect(isStoreFault('a string')).toBe(false);
  });
});
