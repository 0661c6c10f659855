import { describe, expect, it } from 'vitest';

import type { LoggedEvent } from '../checks.js';
import { type Entry, forfeitedBy, ledgerFaults } from './ledger.js';

const event = (more: Partial<LoggedEvent> & { correlation?: string } = {}): LoggedEvent => ({
  position: '70',
  stream: 'product-p',
  revision: 3,
  type: 'ElementsSet',
  recordedAt: '2026-05-04T11:00:00.000Z',
  data: {},
  metadata: { $correlationId: more.correlation ?? 'c', commandId: 'one', source: 'http' },
  ...more,
});
const entry = (more: Partial<Entry> = {}): Entry => ({
  request: 'a change',
  correlationId: 'c',
  status: 200,
  id: 'p',
  revision: 3,
  position: '70',
  mayClaim: false,
  ...more,
});
const claimed = event({ stream: 'key-k', type: 'KeyClaimed', revision: 0 });
const forfeited = event({ stream: 'manufacturer-m', type: 'KeyForfeited', revision: 0 });

describe('the ledger of a round', () => {
  it('finds nothing where the log holds each accepted change once, with its keys and reactions', () => {
    const reaction = event({ revision: 4, type: 'ProdCodeAssigned' });
    const metadata = { ...reaction.metadata, commandId: 'two', source: 'process' };
    const log = [claimed, forfeited, event(), { ...reaction, metadata }];
    expect(ledgerFaults([entry()], log)).toEqual([]);
    expect(ledgerFaults([entry(), entry()], log)).toEqual([]);
    expect(forfeitedBy([entry()], log)).toBe(1);
    expect(forfeitedBy([entry({ correlationId: 'd' })], log)).toBe(0);
  });

  it.each<[string, readonly LoggedEvent[]]>([
    ['is missing', [event({ correlation: 'd' })]],
    ['has its keys alone', [claimed, forfeited]],
    ['is at another revision', [event({ revision: 4 })]],
    ['is at another position', [event({ position: '71' })]],
    ['is on another stream', [event({ stream: 'product-q' })]],
    ['is there twice', [event({ revision: 2 }), event()]],
    [
      'came of two commands',
      [
        event({ type: 'ProductRegistered', revision: 2 }),
        event({ metadata: { ...event().metadata, commandId: 'two' } }),
      ],
    ],
  ])('finds an accepted change that %s', (_, log) => {
    expect(ledgerFaults([entry()], log)).toHaveLength(1);
  });

  it('finds what a refused request left, and lets it leave claims only where it raced for a key', () => {
    const refused = entry({ status: 409 });
    expect(ledgerFaults([refused], [event()])).toEqual([
      'a change, answered 409: it left ElementsSet at product-p@3',
    ]);
    expect(ledgerFaults([refused], [claimed])).toHaveLength(1);
    const raced = entry({ status: 409, mayClaim: true });
    expect(ledgerFaults([raced], [claimed, forfeited])).toEqual([]);
    expect(ledgerFaults([raced], [event()])).toHaveLength(1);
  });
});
