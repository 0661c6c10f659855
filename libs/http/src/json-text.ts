import { excessOf } from '#kernel/json-excess.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import { unstorable } from './storable-text.js';

/** Deeper bodies are nobody's product list; some libraries recurse. */
const maxDepth = 32;
const maxErrors = 20;

/** Values and names of one body. What is checked of each costs microseconds, and everybody waits. */
const maxNodes = 20_000;

/**
 * Refuses a JSON text (`BODY_TOO_COMPLEX`) that is nested deeper than 32 or holds more than 20,000
 * values and names, before it is parsed. What is no JSON at all is for the parser to say.
 */
export const jsonTooComplex = (json: string): Refusal | undefined => {
  switch (excessOf(json, { depth: maxDepth, nodes: maxNodes })) {
    case 'depth':
      return tooComplex(`nested deeper than ${String(maxDepth)} levels`);
    case 'nodes':
      return tooComplex(`more than ${String(maxNodes)} values and names`);
    case undefined:
      return undefined;
  }
};

const tooComplex = (reason: string) =>
  new Refusal('BODY_TOO_COMPLEX', 'invalid', 'the body is more than this API reads', {
    errors: [{ pointer: '', reason }],
  });

interface Node {
  readonly value: unknown;
  readonly pointer: string;
  readonly depth: number;
}

const pointerTo = (parent: string, key: string): string =>
  `${parent}/${key.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('\0', '\\u0000')}`;

/**
 * Names that every object has (`__proto__`, `constructor`, `toString`) are refused: libraries follow
 * them, or drop them in silence.
 */
const unacceptableName = (key: string): string | undefined => {
  if (key in Object.prototype) return 'this name is not accepted';
  const reason = unstorable(key);
  return reason === undefined ? undefined : `its name ${reason}`;
};

/** A terminal or a log would obey these. Tabs and line ends belong to longer texts, such as a reason. */
const controlCharacter = /[^\P{Cc}\t\r\n]/u;

const controlIn = (text: string): string | undefined =>
  controlCharacter.test(text) ? 'contains a control character' : undefined;

/**
 * What in a parsed JSON value the stores could not keep: NUL characters and broken surrogates in
 * texts and keys, keys that reach for a prototype, and nesting deeper than 32. Without recursion, since the value is hostile.
 */
export const textErrors = (root: unknown): FieldError[] => {
  const errors: FieldError[] = [];
  const pending: Node[] = [{ value: root, pointer: '', depth: 0 }];
  for (let node = pending.pop(); node && errors.length < maxErrors; node = pending.pop()) {
    const { value, pointer, depth } = node;
    if (typeof value === 'string') {
      const reason = unstorable(value) ?? controlIn(value);
      if (reason !== undefined) errors.push({ pointer, reason });
    } else if (typeof value === 'object' && value !== null) {
      if (depth === maxDepth) {
        errors.push({ pointer, reason: `nested deeper than ${String(maxDepth)} levels` });
        continue;
      }
      for (const [key, child] of Object.entries(value)) {
        const childPointer = pointerTo(pointer, key);
        const reason = unacceptableName(key);
        if (reason !== undefined) errors.push({ pointer: childPointer, reason });
        pending.push({ value: child, pointer: childPointer, depth: depth + 1 });
      }
    }
  }
  return errors;
};
