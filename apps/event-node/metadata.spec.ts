import { describe, expect, it } from 'vitest';

import { MAX_REVISION } from './event.js';
import {
  deletedMetadata,
  firstVisible,
  isSoftDeleted,
  noMetadata,
  parseMetadata,
  withTruncateBefore,
} from './metadata.js';

const parsed = (document: string) => parseMetadata(Buffer.from(document));

describe('stream metadata', () => {
  it('reads the window of a stream', () => {
    expect(parsed('{"$maxAge":60,"$maxCount":5,"$tb":3}')).toMatchObject({
      maxAgeSeconds: 60,
      maxCount: 5n,
      truncateBefore: 3n,
    });
  });

  it.each([
    '',
    'nonsense',
    '[]',
    'null',
    '"$tb"',
    '{"$maxCount":0}',
    '{"$tb":"3"}',
    '{"$maxAge":1.5}',
  ])('counts %j as empty', (document) => expect(parsed(document)).toEqual(noMetadata));

  it('keeps custom keys and access rules when the window is moved', () => {
    const metadata = parsed('{"$tb":1,"$acl":{"$r":["ops"]},"owner":"lab"}');
    const moved = JSON.parse(withTruncateBefore(metadata, 8n).toString()) as unknown;
    expect(moved).toEqual({ $tb: 8, $acl: { $r: ['ops'] }, owner: 'lab' });
  });

  it('writes the mark of a deleted stream with all its digits', () => {
    expect(deletedMetadata().toString()).toBe(`{"$tb":${MAX_REVISION.toString()}}`);
    expect(isSoftDeleted(parseMetadata(deletedMetadata()))).toBe(true);
    expect(isSoftDeleted(parsed('{"$tb":9007199254740991}'))).toBe(false);
  });

  it.each([
    ['{}', 9n, 0n],
    ['{"$maxCount":3}', 9n, 7n],
    ['{"$maxCount":30}', 9n, 0n],
    ['{"$tb":4}', 9n, 4n],
    ['{"$tb":8,"$maxCount":5}', 9n, 8n],
    ['{"$tb":20}', 9n, 20n],
  ])('with %s a stream ending at %s is seen from %s on', (document, last, first) =>
    expect(firstVisible(parsed(document), last)).toBe(first),
  );
});
