import { expect, it } from 'vitest';

import { readMessage } from './read-message.js';

const rules = { known: new Map(), now: Date.parse('2026-05-04T11:00:00Z') } as never;
const read = (kind: 'birth' | 'occurrences' | 'acks', body: object) => {
  const sentAt = '2026-05-04T11:00:00Z';
  const envelope = { v: 1, id: 'd', session: 's', seq: 1, sentAt, body };
  return readMessage({ device: 'd', kind, payload: Buffer.from(JSON.stringify(envelope)) }, rules);
};

it.each(['half a \ud83d', 'a NUL \0'])(
  'keeps no message with %j, and its number is known',
  (text) => {
    const malformed = { kind: 'malformed', message: { session: 's', seq: 1 } };
    const at = '2026-05-04T11:00:00Z';
    expect(read('birth', { note: text })).toMatchObject(malformed);
    expect(read('birth', { [text]: 1 })).toMatchObject(malformed);
    expect(read('occurrences', { kind: 'k', at, details: { a: [text] } })).toMatchObject(malformed);
  },
);

it('cuts a long property of a birth to whole characters', () => {
  const said = read('birth', { note: `a${'\u{1F50B}'.repeat(600)}` });
  if (said.kind !== 'birth') throw new Error('it is none');
  expect(said.properties['note']).toBe(`a${'\u{1F50B}'.repeat(499)}\ufffd`);
});
