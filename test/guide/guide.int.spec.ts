import { afterAll, describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

import { chapter, guide } from './guide.js';
import { Tree } from './tree.js';

const chapters = guide(projectRoot);
const tree = new Tree();
afterAll(() => tree.remove());

const bin = (path: string) => `node_modules/${path}`;
const touched = (ending: RegExp) => [...tree.touched].filter((path) => ending.test(path));

describe('what docs/adding-a-context.md shows', () => {
  it('compiles as a context alone', () => {
    tree.apply(chapter(chapters, 'A new context'));
    expect(tree.problems()).toEqual([]);
  });

  it('compiles with another event, projection and consumer', () => {
    for (const one of chapters.slice(1)) tree.apply(one);
    expect(tree.problems()).toEqual([]);
  });

  it('is formatted, and keeps to the rules of who may import whom', async () => {
    await tree.run(bin('prettier/bin/prettier.cjs'), ['--check', ...touched(/\.(ts|js|json)$/)]);
    expect(await tree.lint()).toEqual([]);
  });

  it('passes its own tests, and those of what everything has in common', async () => {
    const common = ['projections/all.spec', 'test/contracts/consumers'];
    await tree.run('scripts/test.mjs', [...touched(/\.spec\.ts$/), ...common]);
  });
});
