import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

import { ctlCommandOf, operations, quotedIn, shellLinesOf } from './commands.js';

const text = operations(projectRoot);
const quoted = [...new Set(quotedIn(text))];

describe('a document with commands', () => {
  it('has them by chapter, without comments', () => {
    const block = '## Two\n\n```sh\nls -l    # files\n\nnpx x "a # b"\n```\n\n```\nno\n```\n';
    expect(shellLinesOf(`# T\n## One\n\n${block}`)).toEqual([
      { chapter: 'Two', text: 'ls -l' },
      { chapter: 'Two', text: 'npx x "a' },
    ]);
  });

  it('has words between back quotes, over the ends of lines', () => {
    expect(quotedIn('a `b\nc` d\n```sh\n`e`\n```\n`f`')).toEqual(['b c', 'f']);
  });

  it('names a command by its words, before arguments and options', () => {
    expect(ctlCommandOf('voltrace parked retry <id> --yes')).toEqual({
      path: ['parked', 'retry'],
      options: ['--yes'],
    });
    expect(ctlCommandOf('npx voltrace relay')).toEqual({ path: ['relay'], options: [] });
    expect(ctlCommandOf('voltrace.json')).toBeUndefined();
  });
});

describe('docs/operations.md', () => {
  it('names scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = quoted.flatMap((one) => /^npm run ([\w:]+)/.exec(one)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names metrics that there are', () => {
    const sources = ['libs', 'apps'].flatMap((folder) =>
      readdirSync(join(projectRoot, folder), { recursive: true })
        .map((path) => join(projectRoot, folder, String(path)))
        .filter((path) => /(?<!\.spec)\.ts$/.test(path) && !path.includes('node_modules')),
    );
    const made = new Set(
      sources.flatMap((path) =>
        [...readFileSync(path, 'utf8').matchAll(/name: '(voltrace_\w+)',\s+help:/g)].map(
          ([, name]) => name,
        ),
      ),
    );
    const named = quoted.flatMap((one) => /^voltrace_\w+/.exec(one)?.[0] ?? []);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !made.has(name))).toEqual([]);
    // A metric of ours that nobody is told of is looked at by nobody.
    const shown = [...made].filter((name) => name !== undefined && !text.includes(name));
    expect(shown.filter((name) => !unsaid.includes(name ?? ''))).toEqual([]);
  });

  it('names variables that there are', () => {
    const known = ['configuration.md', 'problems.generated.md', 'events.generated.md']
      .map((name) => readFileSync(join(projectRoot, 'docs', name), 'utf8'))
      .join('\n');
    const named = quoted.flatMap((one) => /^[A-Z]+(?:_[A-Z]+)+(?==|$)/.exec(one)?.[0] ?? []);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('says of each alert what it means and what to do', () => {
    const rules = join(projectRoot, 'k8s/components/monitoring/rules.yaml');
    const alerts = [...readFileSync(rules, 'utf8').matchAll(/alert: (\w+)/g)].map(([, one]) => one);
    const rows = [...text.matchAll(/^\| `(Voltrace\w+)` \|/gm)].map(([, one]) => one);
    expect(rows).toEqual(alerts);
  });
});

/** Of no use to who looks after a system, only to who works on it. */
const unsaid: readonly string[] = ['voltrace_mqtt_batch_messages'];
