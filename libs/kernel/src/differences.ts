/** One field that differs: a path such as `/elements/EnergyCapacityNominal/value`; null stands for absent. */
export interface Change {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * The fields in which two documents differ, leaf by leaf, in the order of their keys.
 *
 * Paths are JSON pointers, except that the members of a list with an identity are named by it
 * (`/certifications/<id>/agency`, `/qualifications/<agency>/notes`), so that a new member does not
 * shift the others. A list without identities, such as efficiency ratings, is one field.
 */
export const differences = (before: object | null, after: object | null): readonly Change[] => {
  const changes: Change[] = [];
  compare('', before ?? undefined, after ?? undefined, changes);
  return changes;
};

const compare = (path: string, from: unknown, to: unknown, changes: Change[]): void => {
  // What an event leaves alone, the states before and after it share.
  if (from === to) return;
  const fromParts = parts(from);
  const toParts = parts(to);
  if ((fromParts ?? toParts) && (fromParts || isAbsent(from)) && (toParts || isAbsent(to))) {
    for (const key of new Set([...(fromParts?.keys() ?? []), ...(toParts?.keys() ?? [])])) {
      compare(`${path}/${escaped(key)}`, fromParts?.get(key), toParts?.get(key), changes);
    }
  } else if (!sameValue(from, to)) {
    changes.push({ path, from: from ?? null, to: to ?? null });
  }
};

/** The named members of an object or of a list with identities; undefined for a leaf. */
const parts = (value: unknown): ReadonlyMap<string, unknown> | undefined => {
  if (Array.isArray(value)) {
    const named = value.map((member: unknown) => [identityOf(member), member] as const);
    return named.every((entry): entry is readonly [string, unknown] => entry[0] !== undefined)
      ? new Map(named)
      : undefined;
  }
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value));
  return undefined;
};

const identityOf = (member: unknown): string | undefined => {
  if (typeof member !== 'object' || member === null) return undefined;
  if ('id' in member && typeof member.id === 'string') return member.id;
  if ('agency' in member && typeof member.agency === 'string') return member.agency;
  return undefined;
};

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const sameValue = (a: unknown, b: unknown): boolean =>
  (isAbsent(a) && isAbsent(b)) || JSON.stringify(a) === JSON.stringify(b);

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
