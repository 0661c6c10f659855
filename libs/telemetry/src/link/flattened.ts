/** Values of one message of the older shape. */
const maxValues = 1_000;

/** The values of nested JSON by their dotted names; undefined where it is no object or holds too many. */
export const flattened = (value: unknown): Record<string, unknown> | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = new Map<string, unknown>();
  const walk = (inner: object, before: string): void => {
    for (const [name, member] of Object.entries(inner)) {
      if (found.size > maxValues) return;
      const path = `${before}${name}`;
      if (typeof member === 'object' && member !== null) walk(member as object, `${path}.`);
      else found.set(path, member);
    }
  };
  walk(value, '');
  return found.size > maxValues ? undefined : Object.fromEntries(found);
};
