import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { InvalidConfiguration, readEnvironment, type Specs } from '#process/config.js';
import { environments } from '#test/generate/environments.js';
import { projectRoot } from '#testing/build.js';

/** The text of a file of the repository. */
export const textOf = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** The version that images are tagged with. */
export const { version } = JSON.parse(textOf('package.json')) as { version: string };

type Environment = Readonly<Record<string, string>>;

/** What the command line and Node itself read; no app declares it. */
const known = ['VOLTRACE_URL', 'VOLTRACE_API_KEY', 'NODE_ENV', 'NODE_EXTRA_CA_CERTS'];

/** For what is in a secret: a value that the variable takes. */
const secrets: Environment = {
  DATABASE_URL: 'postgres://voltrace:secret@postgres:5432/voltrace',
  EVENTSTORE_URL: 'esdb://eventstore:2113?tls=false',
};

const isDeclared = (specs: Specs, name: string): boolean =>
  name in specs || (name.endsWith('_FILE') && name.slice(0, -5) in specs);

/**
 * What is wrong with the environment of a container, by the declarations that the app itself reads. `words` is
 * its command: an app, or `voltrace` with the words of the command line. The image sets what is in `ofImage`.
 */
export const environmentProblems = (
  words: readonly string[],
  environment: Environment,
  ofImage: Environment = {},
): string[] => {
  const [app = ''] = words;
  const specs = specsOf(words);
  if (specs === undefined) return [`"${app}" is no app`];
  const undeclared = Object.keys(environment).filter(
    (name) => !isDeclared(specs, name) && !known.includes(name),
  );
  const values = Object.entries({ ...ofImage, ...environment }).map(([name, value]) => {
    const ofFile = name.replace(/_FILE$/, '');
    return name in specs || ofFile === name ? [name, value] : [ofFile, secrets[ofFile] ?? 'secret'];
  });
  try {
    readEnvironment(specs, Object.fromEntries(values) as Environment);
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    return [
      ...undeclared.map(notDeclared),
      ...error.message.split('\n').map((line) => line.trim()),
    ];
  }
  return undeclared.map(notDeclared);
};

const notDeclared = (name: string): string => `${name} is no variable of it`;

const specsOf = ([app = '', ...rest]: readonly string[]): Specs | undefined => {
  if (app in environments) return environments[app as keyof typeof environments];
  if (app !== 'voltrace') return undefined;
  // It runs a projector, and hands its environment on.
  return rest.join(' ') === 'subscriptions build' ? environments.projector : {};
};
