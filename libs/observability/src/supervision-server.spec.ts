import { describe, expect, it } from '@jest/globals';

import { isLoopback } from './supervision-server.js';

describe('the peer of a connection', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    '%s is this machine',
    (address) => {
      expect(isLoopback(address)).toBe(true);
    },
  );

  it.each(['10.0.0.1', '0.0.0.0', '::', 'fe80::1', '::ffff:10.0.0.1', undefined])(
    '%s is not',
    (address) => {
      expect(isLoopback(address)).toBe(false);
    },
  );
});
