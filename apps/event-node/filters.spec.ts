import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { describe, expect, it } from 'vitest';

import type { RecordedEvent } from './event.js';
import { CallFailure } from './failure.js';
import { type EventFilter, eventFilter } from './filters.js';

const { FilterOptions } = streams.ReadReq.Options;

const byType = (expression: { regex?: string; prefixes?: string[] }): EventFilter =>
  eventFilter(
    new FilterOptions()
      .setEventType(
        new FilterOptions.Expression()
          .setRegex(expression.regex ?? '')
          .setPrefixList(expression.prefixes ?? []),
      )
      .setCount(new shared.Empty())
      .setCheckpointintervalmultiplier(2),
  );

const ofType = (type: string): RecordedEvent => ({
  position: 1n,
  stream: 's-1',
  revision: 0n,
  id: '',
  type,
  isJson: true,
  data: Buffer.alloc(0),
  metadata: Buffer.alloc(0),
  created: 0n,
});

const accepts = (filter: EventFilter, type: string): boolean => filter.matches(ofType(type));

describe('filters', () => {
  it('match any of the prefixes', () => {
    const filter = byType({ prefixes: ['Product', 'Key'] });
    expect(accepts(filter, 'ProductRegistered')).toBe(true);
    expect(accepts(filter, 'KeyClaimed')).toBe(true);
    expect(accepts(filter, 'OldProduct')).toBe(false);
  });

  it('search with a pattern, anchored only where it says so', () => {
    expect(accepts(byType({ regex: 'duct' }), 'ProductRegistered')).toBe(true);
    expect(accepts(byType({ regex: '^duct' }), 'ProductRegistered')).toBe(false);
    const userEvents = byType({ regex: '^[^$].*' });
    expect(accepts(userEvents, '$metadata')).toBe(false);
    expect(accepts(userEvents, 'ProductRegistered')).toBe(true);
  });

  it.each(['(?=a)b', '(?!a)b', '(?<=a)b', '(a)\\1', '(', 'a'.repeat(1001), '((a{100}){100}){100}'])(
    'refuse %.30s',
    (regex) => expect(() => byType({ regex })).toThrow(CallFailure),
  );

  it.each(['.{0,999}'.repeat(3), '(a{50}){50}', `^(?!${'(b{9}){99}'.repeat(2)})(c{99}){9}`])(
    'refuse %s for its repetitions, at once',
    (regex) => {
      expect(() => byType({ regex })).toThrow(/more than 2000 characters once its repetitions/);
    },
  );

  it('serve repetitions of a reasonable number', () => {
    expect(accepts(byType({ regex: '^[a-z]{1,999}-\\d{0,900}$' }), 'a-1')).toBe(true);
  });

  it('refuse to be empty', () => {
    expect(() => byType({})).toThrow(CallFailure);
    expect(() => eventFilter(new FilterOptions())).toThrow(CallFailure);
  });

  it('take time in proportion to the name, where backtracking would take for ever', () => {
    const filter = byType({ regex: '^(a+)+$' });
    const started = performance.now();
    expect(accepts(filter, `${'a'.repeat(4000)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('are due for a checkpoint after the window times its multiplier', () => {
    expect(byType({ prefixes: ['a'] }).checkpointEvery).toBe(64);
  });
});
