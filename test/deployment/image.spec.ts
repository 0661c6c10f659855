import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { environments } from '#test/generate/environments.js';

import { matches, testCode } from '../../architecture.js';
import { textOf, version } from './apps.js';
import { dockerfile, scan } from './image-source.js';

const text = textOf('docker/Dockerfile');
const stages = dockerfile.stagesOf(text);
const config = dockerfile.configOf(stages, 'voltrace');

describe('the Dockerfile', () => {
  it('starts each stage from one exact Node of a Debian, which the project runs on', () => {
    const bases = stages.map(({ from }) => from).filter((from) => from.includes(':'));
    expect(new Set(bases)).toEqual(new Set([config.image]));
    expect(config.image).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/);
    expect(config.labels['org.opencontainers.image.base.name']).toBe(
      `docker.io/library/${config.image}`,
    );
  });

  it('has the labels of the package, and its version', () => {
    const { license, description } = JSON.parse(textOf('package.json')) as Record<string, string>;
    expect(text).toContain(`ARG VERSION=${version}`);
    expect(config.labels).toMatchObject({
      'org.opencontainers.image.licenses': license,
      'org.opencontainers.image.version': '$VERSION',
    });
    expect(description).toContain(config.labels['org.opencontainers.image.description']);
  });

  it('runs as an ordinary user with a number, writes to one volume, and ends in the default target', () => {
    expect(config.user).toMatch(/^[1-9]\d{4}:[1-9]\d{4}$/);
    expect(config.volumes).toEqual([config.env['VOLTRACE_DATA_DIR']]);
    expect(stages.at(-1)?.name).toBe('voltrace');
    expect(dockerfile.configOf(stages, 'standalone').command).toEqual(['standalone']);
  });

  it('sets variables that an app declares, and exposes the ports that these say', () => {
    const declared = new Set(Object.values(environments).flatMap((specs) => Object.keys(specs)));
    const others = Object.keys(config.env).filter((name) => !declared.has(name));
    expect(others).toEqual(['NODE_ENV']);
    const usual = (specs: Readonly<Record<string, { default?: unknown }>>, name: string) =>
      Number(specs[name]?.default);
    expect(config.ports).toEqual([
      usual(environments.api, 'PORT'),
      Number(config.env['HEALTH_PORT']),
      usual(environments['mqtt-broker'], 'MQTT_PORT'),
    ]);
  });

  it('is refused by our reader where it holds what that would not carry out', () => {
    expect(() => dockerfile.stagesOf(`${text}\nONBUILD RUN true`)).toThrow('ONBUILD');
    expect(() => dockerfile.stagesOf('FROM node:20')).toThrow('has no name');
    expect(() => dockerfile.configOf(stages, 'nonsense')).toThrow('no stage nonsense');
  });
});

describe('.dockerignore', () => {
  const isGiven = dockerfile.contextFilter(textOf('.dockerignore'));
  const sample = [
    ...['libs/testing/src/until.ts', 'test/e2e/other-user.mjs', 'libs/process/src/config.spec.ts'],
    ...['apps/api/samples.fixture.ts', 'libs/fanout/src/contract-suite/ledger.ts'],
    ...['libs/workbook/src/testing/make-workbook.ts', 'projections/all.types.ts'],
  ];

  it('keeps out what is not run in production, secrets, and whatever is not named', () => {
    for (const path of sample) expect([path, isGiven(path)]).toEqual([path, false]);
    for (const path of sample) expect([path, matches(path, testCode)]).toEqual([path, true]);
    const others = [
      ...['.env', '.npmrc', 'docker/secrets/database-url', '.git/config', '.voltrace/admin.key'],
      ...[
        'docs/openapi.json',
        'node_modules/pg/package.json',
        'scripts/image.mjs',
        'libs/csv/README.md',
      ],
    ];
    for (const path of others) expect([path, isGiven(path)]).toEqual([path, false]);
  });

  it('lets through what the Dockerfile copies', () => {
    const copied = stages
      .flatMap(({ steps }) => steps)
      .filter(({ op, text: words }) => op === 'COPY' && !words.startsWith('--from'))
      .flatMap(({ text: words }) => words.split(' ').slice(0, -1));
    expect(copied).toContain('docker/entrypoint.mjs');
    for (const path of copied) expect([path, isGiven(path)]).toEqual([path, true]);
    expect(isGiven('apps/api/main.ts')).toBe(true);
    expect(isGiven('libs/read-store/src/migrations/000001_read_store.sql')).toBe(true);
  });
});

describe('the scan of what was built', () => {
  let app: string;
  const lock = { packages: { 'node_modules/a': {}, 'node_modules/b': { dev: true } } };
  beforeEach(() => {
    app = mkdtempSync(join(tmpdir(), 'voltrace-scan-'));
  });
  afterEach(() => rmSync(app, { recursive: true }));

  const problemsWith = (path: string, content = '') => {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), content);
    return scan.problemsOf(app, lock).filter((problem) => !problem.includes('another user'));
  };

  it('has nothing against what production needs', () => {
    const map = JSON.stringify({ sources: ['../../../apps/api/main.ts'] });
    expect(problemsWith('dist/apps/api/main.js.map', map)).toEqual([]);
    expect(problemsWith('node_modules/a/index.js', '"BEGIN PRIVATE KEY"')).toEqual([]);
  });

  it.each([
    ['node_modules/b/index.js', '', 'is a dependency of development'],
    ['node_modules/c/index.js', '', 'is not in package-lock.json'],
    ['node_modules/a/test/x.js', '', 'holds tests of a package'],
    ['node_modules/a/x.spec.js', '', 'is a test'],
    ['node_modules/a/x.js.map', '{}', 'is a source map of others'],
    [
      'dist/apps/x.js.map',
      '{"sources":["../../node_modules/a/x.ts"]}',
      'a source that is not ours',
    ],
    ['dist/libs/testing/src/x.js', '', 'is not run in production'],
    ['docker/admin.key', '', 'has the name of a secret'],
    ['.env', '', 'has the name of a secret'],
    ['x.txt', `-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(80)}`, 'holds a private key'],
  ])('finds %s', (path, content, problem) => {
    expect(problemsWith(path, content).join('\n')).toContain(problem);
  });

  it('finds what another user may change', () => {
    expect(problemsWith('open')).toEqual([]);
    chmodSync(join(app, 'open'), 0o666);
    expect(scan.problemsOf(app, lock)).toEqual(['open: can be changed by another user than root']);
  });
});
