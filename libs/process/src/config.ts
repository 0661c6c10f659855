import { existsSync, readFileSync } from 'node:fs';

import { type CleanedEnv, cleanEnv, makeValidator, type ValidatorSpec } from 'envalid';

/** A setting is wrong. The message names each variable, its value (never a secret) and what is expected. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
}

/** The declarations of a process's variables. */
export type Specs = Record<string, ValidatorSpec<unknown>>;

/** The settings that are read by these declarations. */
export type { CleanedEnv };

/**
 * Reads and checks environment variables; in development `.env` fills in what is not set.
 *
 * An empty variable counts as absent. `X_FILE` names a file with the value of `X`, for secrets: their values
 * are then in no environment, which other programs may show. Throws `InvalidConfiguration` naming every wrong one.
 */
export const readEnvironment = <S extends Specs>(
  specs: S,
  environment: NodeJS.ProcessEnv = process.env,
): CleanedEnv<S> => {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const wrongFiles = new Map<string, string>();
  for (const name of Object.keys(specs)) {
    const wrong = takeFromFile(name, specs, set);
    if (wrong !== undefined) wrongFiles.set(name, wrong);
  }
  return cleanEnv(set, specs, {
    reporter: ({ errors }) => {
      const wrong = Object.entries(errors).filter(([name]) => !wrongFiles.has(name));
      const complaints = [
        ...wrongFiles.values(),
        ...wrong.map(([name, error]) => complaint(name, set[name], error as Error | undefined)),
      ];
      if (complaints.length > 0) throw new InvalidConfiguration(complaints.join('\n'));
    },
  });
};

/** Puts what `X_FILE` holds into `set` as `X`; answers what is wrong with it. A variable that is declared by that name is none of these. */
const takeFromFile = (
  name: string,
  specs: Specs,
  set: Record<string, string | undefined>,
): string | undefined => {
  const variable = `${name}_FILE`;
  const path = set[variable];
  if (path === undefined || variable in specs) return undefined;
  if (set[name] !== undefined)
    return `  ${name} and ${variable} are both set; expected: one of them`;
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (text === '') return `  ${variable} is "${path}"; expected: a file that is not empty`;
    set[name] = text;
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `  ${variable} is "${path}"; expected: a file that can be read (${code ?? 'it cannot'})`;
  }
};

/** As `readEnvironment`, for a `main.ts`: says on standard error what is wrong and ends the process with 1. */
export const configOrExit = <S extends Specs>(specs: S): CleanedEnv<S> => {
  loadDotEnv();
  try {
    return readEnvironment(specs);
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    process.stderr.write(`The configuration is not valid.\n${error.message}\n`);
    process.exit(1);
  }
};

const loadDotEnv = (): void => {
  if (process.env['NODE_ENV'] === 'production' || !existsSync('.env')) return;
  process.loadEnvFile('.env');
};

const complaint = (name: string, value: string | undefined, error: Error | undefined): string => {
  const expected = error?.message ?? 'a valid value';
  const given = value === undefined ? 'is not set' : `is "${masked(name, value)}"`;
  return `  ${name} ${given}; expected: ${expected}`;
};

const masked = (name: string, value: string): string => {
  if (/SECRET|PASSWORD|TOKEN|_KEY$/.test(name)) return '***';
  const shown = value
    // Up to the last @: a password with a character that a URL would need encoded is what makes it invalid.
    .replace(/\/\/.*@/s, '//***@')
    .replace(/(password|secret)=[^&]*/gi, '$1=***');
  return shown.length > 200 ? `${shown.slice(0, 200)}...` : shown;
};

/** A variable whose text `accepts` says yes to; `expected` completes "expected: ...". */
export const check = (expected: string, accepts: (input: string) => boolean) =>
  makeValidator<string>((input: string) => {
    if (!accepts(input)) throw new Error(expected);
    return input;
  });

const urlWith =
  (protocols: readonly string[]) =>
  (input: string): boolean =>
    URL.canParse(input) && protocols.includes(new URL(input).protocol);

/** An integer between `min` and `max`, both included. */
export const integer = (min: number, max: number) =>
  makeValidator<number>((input: string | number) => {
    const value = typeof input === 'number' ? input : /^-?\d+$/.test(input) ? Number(input) : NaN;
    if (!(value >= min && value <= max)) {
      throw new Error(`an integer from ${String(min)} to ${String(max)}`);
    }
    return value;
  });

/** A TCP port; 0 takes a free one. */
export const portNumber = integer(0, 65_535);

export const hostName = check('a host name or an IP address', (input) => /^[\w.:-]+$/.test(input));

export const filePath = check('a file', (input) => !input.includes('\0'));

export const folder = check('a folder', (input) => !input.includes('\0'));

export const eventStoreUrl = check(
  'a connection string such as esdb://127.0.0.1:2113?tls=false',
  (input) => /^(esdb|kurrentdb)(\+discover)?:\/\/[^/?#\s]+/.test(input),
);

export const postgresUrl = check(
  'a URL such as postgres://user:password@127.0.0.1:5432/voltrace',
  urlWith(['postgres:', 'postgresql:']),
);

export const oneOf = <T extends string>(...choices: readonly T[]) =>
  makeValidator<T>((input: string) => {
    const found = choices.find((choice) => choice === input);
    if (found === undefined) throw new Error(`one of ${choices.join(', ')}`);
    return found;
  });
