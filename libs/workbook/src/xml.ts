import { setImmediate as turn } from 'node:timers/promises';
import { TextDecoder } from 'node:util';

import { SaxesParser } from 'saxes';

import { Refusal } from '#kernel/refusal.js';

import { broken } from './zip-parts.js';

export type Attributes = Readonly<Record<string, string>>;

/** Who is told what an XML document holds. Names are without their prefix. */
export interface XmlHandler {
  readonly open?: (name: string, attributes: Attributes) => void;
  readonly close?: (name: string) => void;
  readonly text?: (text: string) => void;
}

/**
 * Characters that are parsed before what was found is handed on and the time is looked at: few, since those
 * of one row may make thousands of blank cells.
 */
const pieceLength = 1_024;
/** How long is parsed in one turn of the event loop, in milliseconds. */
const turnMs = 10;
/** Characters of one tag, text or comment: the parser keeps them all until its end. */
const maxPiece = 1_024 * 1_024;
/** Elements in one another. */
const maxDepth = 64;

/**
 * Parses XML as it comes, in flat memory and short turns of the event loop: it yields after each piece, so that the
 * caller takes what its handler has gathered. Entities are those of XML alone; a document type is refused.
 *
 * Throws `Refusal` `WORKBOOK_BROKEN`, what the handler throws and what `signal` is aborted with.
 */
export async function* readXml(
  bytes: AsyncIterable<Uint8Array>,
  handler: XmlHandler,
  signal?: AbortSignal,
): AsyncGenerator<void> {
  const parser = new BoundedParser(handler);
  let decoder: TextDecoder | undefined;
  let turnEnds = performance.now() + turnMs;
  for await (const chunk of bytes) {
    decoder ??= decoderOf(chunk);
    const text = decoded(decoder, chunk);
    for (let at = 0; at < text.length; at += pieceLength) {
      signal?.throwIfAborted();
      parser.write(text.slice(at, at + pieceLength));
      yield;
      if (performance.now() > turnEnds) {
        await turn();
        turnEnds = performance.now() + turnMs;
      }
    }
  }
  parser.end();
  yield;
}

/** `readXml` to its end, for small parts. */
export const parseXml = async (
  bytes: AsyncIterable<Uint8Array>,
  handler: XmlHandler,
  signal?: AbortSignal,
): Promise<void> => {
  const pieces = readXml(bytes, handler, signal);
  while ((await pieces.next()).done !== true);
};

class BoundedParser {
  private readonly parser = new SaxesParser({ position: false });
  private unended = 0;
  private depth = 0;

  constructor({ open, close, text }: XmlHandler) {
    const { parser } = this;
    parser.on('opentag', ({ name, attributes }) => {
      this.unended = 0;
      this.depth += 1;
      if (this.depth > maxDepth) throw broken(`elements lie more than ${String(maxDepth)} deep`);
      open?.(localName(name), attributes as Attributes);
    });
    parser.on('closetag', ({ name }) => {
      this.unended = 0;
      this.depth -= 1;
      close?.(localName(name));
    });
    parser.on('text', (found) => text?.(found));
    parser.on('cdata', (found) => text?.(found));
    parser.on('doctype', () => {
      throw broken('a part of it has a document type, which no workbook has');
    });
    parser.on('error', (error) => {
      throw broken(`a part of it is no XML (${error.message.slice(0, 100)})`);
    });
  }

  write(piece: string): void {
    this.unended += piece.length;
    if (this.unended > maxPiece) throw broken('a part of it is one long text without an end');
    this.parser.write(piece);
  }

  end(): void {
    this.parser.close();
  }
}

/** Workbooks are in UTF-8, seldom in UTF-16 with a byte order mark. */
const decoderOf = ([first, second]: Uint8Array): TextDecoder => {
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8', { fatal: true });
};

const decoded = (decoder: TextDecoder, chunk: Uint8Array): string => {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw broken('a part of it holds bytes that are no text', error);
  }
};

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);
