import { type FieldError } from '#kernel/refusal.js';

import { unstorable } from './storable-text.js';

/** Deeper bodies are nobody's product list; some libraries recurse. */
const maxDepth = 32;
const maxErrors = 20;

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
      const reason = unstorable(value);
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
