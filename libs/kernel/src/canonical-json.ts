/**
 * The canonical JSON (RFC 8785) of a value: the same text for equal values, whatever the order of their
 * members. Throws where JSON would lose or refuse something.
 */
export const canonicalJson = (value: unknown): string => {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${String(value)} cannot be held by JSON`);
      return String(value);
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('half of a character cannot be held by JSON');
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : ofObject(value);
    default:
      return JSON.stringify(value);
  }
};

const ofObject = (value: object): string => {
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return canonicalJson(Reflect.apply(toJSON, value, []));
  let text = '';
  if (Array.isArray(value)) {
    for (const element of value) {
      text += `${text === '' ? '' : ','}${isLeftOut(element) ? 'null' : canonicalJson(element)}`;
    }
    return `[${text}]`;
  }
  for (const name of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (isLeftOut(member)) continue;
    text += `${text === '' ? '' : ','}${canonicalJson(name)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
};

const isLeftOut = (value: unknown): boolean => value === undefined || typeof value === 'symbol';
