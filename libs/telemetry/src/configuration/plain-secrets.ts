/** The last word of a key that names a secret, whatever the case and what stands between words. */
const secretKey =
  /(password|passwd|passphrase|pwd|secret|token|credential|apikey|accesskey|privatekey|secretkey)s?$/;

/** A URL with a password in it: `mqtt://user:password@host`. */
const urlWithPassword = /^[a-z][a-z\d+.-]*:\/\/[^/?#\s@:]*:[^/?#\s@]+@/i;

/** Where a secret stands as a value and not as a reference, as JSON pointers. */
export const plainSecretsIn = (value: unknown, pointer = ''): readonly string[] => {
  if (typeof value === 'string') return urlWithPassword.test(value) ? [pointer] : [];
  if (typeof value !== 'object' || value === null || isReference(value)) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    const here = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const namesSecret = secretKey.test(key.toLowerCase().replace(/[^a-z\d]/g, ''));
    if (!namesSecret || member === null) return plainSecretsIn(member, here);
    return isReference(member) ? [] : [here];
  });
};

const isReference = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 1 &&
  typeof (value as { $secret?: unknown }).$secret === 'string' &&
  (value as { $secret: string }).$secret !== '';
