import { describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

import { chapter, chaptersOf, countOf, guide, patched } from './guide.js';

describe('a diff of the guide', () => {
  const text = 'a\n\nb\nc\nb\n';

  it('is applied where its lines are, hunk by hunk', () => {
    expect(patched(text, ' a\n+x\n\n@@\n c\n-b\n+d\n')).toBe('a\nx\n\nb\nc\nd\n');
    expect(patched('a\n', '-a\n+b\n')).toBe('b\n');
  });

  it('is refused where its lines are not, or more than once', () => {
    expect(() => patched(text, ' e\n+x\n')).toThrow('0 times');
    expect(() => patched(text, ' b\n+x\n')).toThrow('2 times');
  });
});

describe('a block', () => {
  it('belongs to its chapter, and is a file or an edit', () => {
    const [one, ...others] = chaptersOf(
      '# T\n## One\n```ts a.ts\nx\n```\n### Two\n```diff b.ts\n+y\n```\n```sh\nls\n```\n## None\n',
    );
    expect(others).toEqual([]);
    expect(one).toEqual({
      title: 'One',
      blocks: [
        { path: 'a.ts', kind: 'file', text: 'x\n' },
        { path: 'b.ts', kind: 'edit', text: '+y\n' },
      ],
    });
  });
});

describe('what the guide asks for', () => {
  const chapters = guide(projectRoot);
  const counted = (title: string) => countOf(chapter(chapters, title));

  it('is at most 14 files and 4 edits for a context of one category, one read model and its routes', () => {
    const { files, edits } = counted('A new context');
    expect(files).toBeLessThanOrEqual(14);
    expect(edits).toBeLessThanOrEqual(4);
  });

  it('is at most 5 places for an event, all but the projector in one folder', () => {
    const { blocks } = chapter(chapters, 'A new event');
    expect(blocks.length).toBeLessThanOrEqual(5);
    const folders = blocks
      .filter(({ path }) => !path.endsWith('/projector.ts'))
      .map(({ path }) => path.slice(0, path.lastIndexOf('/')));
    expect(new Set(folders).size).toBe(1);
    expect(folders).toHaveLength(blocks.length - 1);
  });

  it.each([
    ['A new projection', 5, 1],
    ['A new consumer', 3, 1],
  ])('is, for "%s", at most %d files and %d edit', (title, maxFiles, maxEdits) => {
    const { files, edits } = counted(title);
    expect(files).toBeLessThanOrEqual(maxFiles);
    expect(edits).toBeLessThanOrEqual(maxEdits);
  });
});
