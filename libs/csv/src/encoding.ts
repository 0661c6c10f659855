import iconv from 'iconv-lite';

import { Refusal } from '#kernel/refusal.js';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** So many bytes at the start of a file decide whether it is taken for text at all. */
export const sniffedBytes = 4096;

/**
 * The encoding of a text file by its bytes alone.
 *
 * A byte order mark decides. Without one, zero bytes on one side of each pair mean UTF-16, and what
 * is mostly valid UTF-8 is UTF-8: one broken byte in a long file must not turn every other
 * accented letter into two. Everything else is windows-1252, which contains Latin-1.
 *
 * Throws `Refusal` `EMPTY_FILE`, and `NOT_TEXT` for binary content. Reads the whole file once, in flat memory.
 */
export const detectEncoding = async (chunks: AsyncIterable<Uint8Array>): Promise<Encoding> => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let [wellFormed, broken] = [0, 0];
  const count = (text: string): void => {
    for (const [run] of text.matchAll(/[^\0-\x7f]+/g)) {
      for (const character of run) {
        if (character === '\ufffd') broken += 1;
        else wellFormed += 1;
      }
    }
  };
  let start: Buffer | undefined;
  for await (const chunk of chunks) {
    if (!start) {
      start = Buffer.from(chunk.subarray(0, sniffedBytes));
      const marked = sniffEncoding(start);
      if (marked) return marked;
    }
    count(decoder.decode(chunk, { stream: true }));
  }
  if (!start) throw new Refusal('EMPTY_FILE', 'unprocessable', 'the file is empty');
  count(decoder.decode());
  return broken === 0 || broken * 10 < wellFormed ? 'utf-8' : 'windows-1252';
};

/** The encoding where the first bytes decide it. Throws `Refusal` `NOT_TEXT` for binary content. */
export const sniffEncoding = (start: Uint8Array): Encoding | undefined => {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return 'utf-8';
  const utf16 = unmarkedUtf16(start);
  if (utf16) return utf16;
  refuseBinary(start);
  return undefined;
};

/** Plain text in UTF-16 has a zero in every other byte. */
const unmarkedUtf16 = (start: Uint8Array): Encoding | undefined => {
  const pairs = Math.floor(start.length / 2);
  if (pairs < 4) return undefined;
  const zeros = (offset: number): number =>
    start.subarray(0, pairs * 2).filter((byte, at) => byte === 0 && at % 2 === offset).length;
  const [even, odd] = [zeros(0), zeros(1)];
  if (odd > pairs * 0.6 && even === 0) return 'utf-16le';
  if (even > pairs * 0.6 && odd === 0) return 'utf-16be';
  return undefined;
};

const zipMagic = 'PK\u0003\u0004';

/** Whether a file begins as a zip archive does, which a workbook (.xlsx) is. */
export const isZip = (start: Uint8Array): boolean =>
  Buffer.from(start.subarray(0, 4)).toString('latin1') === zipMagic;

/** What people send for a CSV file by mistake, by its first bytes. */
const mistaken: readonly (readonly [magic: string, what: string])[] = [
  [zipMagic, 'a zip archive or an Excel workbook: save the sheet as CSV first'],
  [
    '\u00d0\u00cf\u0011\u00e0',
    'an old Excel workbook, or one with a password: save the sheet as CSV first',
  ],
  ['%PDF', 'a PDF document'],
  ['\u001f\u008b', 'gzip-compressed: unpack it first'],
];

const refuseBinary = (start: Uint8Array): void => {
  const head = Buffer.from(start.subarray(0, 8)).toString('latin1');
  const known = mistaken.find(([magic]) => head.startsWith(magic));
  if (known) throw notText(`it is ${known[1]}`);
  const controls = start.filter(isControl).length;
  if (controls > 0 && (start.includes(0) || controls > start.length * 0.02)) {
    throw notText('it contains bytes that no text has');
  }
};

const notText = (why: string) =>
  new Refusal('NOT_TEXT', 'unprocessable', `expected a CSV text file, but ${why}`);

/** Control characters other than tab, line feed, form feed and carriage return. */
const isControl = (byte: number): boolean =>
  byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d;

/** A transform stream from bytes to text; drops the byte order mark. */
export const decodeStream = (encoding: Encoding): NodeJS.ReadWriteStream =>
  iconv.decodeStream(encoding, { stripBOM: true });
