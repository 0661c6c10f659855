import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { compiledRoot } from '#testing/build.js';
import { inheritedEnv } from '#testing/inherited-env.js';

const script = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;

/** Says on standard error which files Node loads. */
const hook = script(
  'export const load = async (url, context, next) => { process._rawDebug(url); return next(url, context); };',
);
const register = script(
  `import { register } from 'node:module'; register(${JSON.stringify(hook)});`,
);

it('loads neither the stores nor the schemas of events to begin with', () => {
  const main = join(compiledRoot, 'apps/ctl/main.js');
  const { status, stderr } = spawnSync(process.execPath, ['--import', register, main, '--help'], {
    env: inheritedEnv(),
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const packages = [...stderr.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)];
  const loaded = new Set(packages.map(([, name]) => name));
  expect(loaded).toContain('commander');
  expect([...loaded].sort()).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(typebox|pg|knex|@grpc|@eventstore|@nestjs)/)]),
  );
});
