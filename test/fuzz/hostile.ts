import { pick } from '../support/seeded.js';

type Random = () => number;

const whole = (random: Random, below: number): number => Math.floor(random() * below);

/** Texts that parsers, databases, terminals and loggers have stumbled over. */
const texts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\u001b[31m',
  'a\r\nb',
  '\ufeff',
  '\u200b',
  '\u202e',
  '\ud800',
  '😀',
  'e\u0301',
  'ﬃ',
  '../../etc/passwd',
  '..%2f..%2f',
  "'; drop table products; --",
  '$' + '{7*7}',
  '__proto__',
  'constructor',
  'toString',
  '[object Object]',
  'null',
  'true',
  'NaN',
  '-1',
  '0',
  '00',
  '+1',
  '1.5',
  '1e309',
  '0x10',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '99999999999999999999999999',
  '1/2',
  '@0',
  '@-1',
  '@9223372036854775808',
  '2026-02-31T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '0001-01-01T00:00:00+23:59',
  '-000001-01-01T00:00:00Z',
  '[]',
  '{}',
  '[[[[[[',
  '%',
  '*',
  'a'.repeat(201),
  'a'.repeat(5_000),
  'ä'.repeat(300),
  '1'.repeat(500),
  'WyIxIiwiMiJd',
  'eyJ2IjpbMTg0NDY3NDQwNzM3MDk1NTE2MTZdfQ',
];

/** A text that is made to be misread. */
export const hostileText = (random: Random): string => {
  const kind = random();
  if (kind < 0.75) return pick(random, texts);
  if (kind < 0.85) return pick(random, texts) + pick(random, texts);
  const length = whole(random, 40);
  return Array.from({ length }, () => String.fromCharCode(whole(random, 0x3000))).join('');
};

/** A JSON value that no schema of ours expects in most places. */
export const hostileValue = (random: Random): unknown =>
  pick<(random: Random) => unknown>(random, [
    hostileText,
    hostileText,
    () => null,
    () => true,
    () => pick(random, [-1, 0, 1.5, 1e21, -0, Number.MAX_SAFE_INTEGER + 2, 5e-324]),
    () => [],
    () => ({}),
    () => [hostileText(random), null, 7],
    () => ({ [hostileText(random)]: hostileText(random) }),
    () => Array.from({ length: whole(random, 2_000) }, () => 'x'),
  ])(random);

/** A copy of an example in which some members are others, gone or added. */
export const mutated = (random: Random, example: unknown): unknown => {
  if (random() < 0.05) return hostileValue(random);
  if (Array.isArray(example)) {
    return example.map((item: unknown) => (random() < 0.2 ? hostileValue(random) : item));
  }
  if (typeof example !== 'object' || example === null) {
    return random() < 0.3 ? hostileValue(random) : example;
  }
  const members = Object.entries(example).flatMap(([name, value]: [string, unknown]) => {
    const kind = random();
    if (kind < 0.08) return [];
    return [
      [name, kind < 0.3 ? hostileValue(random) : kind < 0.6 ? mutated(random, value) : value],
    ];
  });
  if (random() < 0.1) members.push([hostileText(random), hostileValue(random)]);
  return Object.fromEntries(members) as unknown;
};

/** Bytes that are no body of ours, or a broken one. */
export const hostileBytes = (random: Random, json: string): Buffer =>
  pick<() => Buffer>(random, [
    () => Buffer.alloc(0),
    () => Buffer.from(json.slice(0, whole(random, json.length))),
    () => Buffer.from(`${json}${json}`),
    () => Buffer.concat([Buffer.from('{"reason":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(json, 'utf16le')]),
    () => Buffer.from('\ufeff' + json),
    () => Buffer.from('['.repeat(10_000)),
    () => Buffer.from(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`),
    () => Buffer.from(`{"reason":"a","reason":"b"}`),
    () => Buffer.from(`{"reason":"${'x'.repeat(200_000)}"}`),
    () => Buffer.from(`[${'1,'.repeat(100_000)}1]`),
    () => Buffer.from('"\\ud800"'),
    () => Buffer.from('{"__proto__":{"admin":true},"reason":"x"}'),
    () => Buffer.from('{"reason":1e999999}'),
  ])();
