import { readFileSync } from 'node:fs';

/** A block of the guide: a whole new file, or a diff of one that is there. */
export interface Block {
  readonly path: string;
  readonly kind: 'file' | 'edit';
  readonly text: string;
}

/** What a chapter of the guide asks for. */
export interface Chapter {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** The chapters that have blocks, in their order. */
export const chaptersOf = (markdown: string): readonly Chapter[] =>
  markdown
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ title: text.slice(0, text.indexOf('\n')), blocks: blocksIn(text) }))
    .filter(({ blocks }) => blocks.length > 0);

const blocksIn = (text: string): readonly Block[] =>
  [...text.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms)].map(
    ([, language, path = '', body = '']) => ({
      path,
      kind: language === 'diff' ? 'edit' : 'file',
      text: body,
    }),
  );

/** The guide that shows how a context is added. */
export const guide = (root: string): readonly Chapter[] =>
  chaptersOf(readFileSync(`${root}/docs/adding-a-context.md`, 'utf8'));

/** A chapter of it by its title. */
export const chapter = (chapters: readonly Chapter[], title: string): Chapter => {
  const found = chapters.find((one) => one.title === title);
  if (!found) throw new Error(`the guide has no chapter "${title}"`);
  return found;
};

/** How many files a chapter makes, and how many it edits. */
export const countOf = ({
  blocks,
}: Chapter): { readonly files: number; readonly edits: number } => {
  const paths = (kind: Block['kind']) =>
    new Set(blocks.filter((block) => block.kind === kind).map(({ path }) => path)).size;
  return { files: paths('file'), edits: paths('edit') };
};

/**
 * Applies a diff without line numbers: hunks, with `@@` between them, of lines that stay, go (`-`) and
 * come (`+`). Throws where the lines that stay and go are not in the text exactly once.
 */
export const patched = (text: string, diff: string): string =>
  diff.split(/^@@\n/m).reduce((before, hunk) => {
    const lines = hunk.replace(/\n$/, '').split('\n');
    const without = (mark: string) =>
      lines.filter((line) => !line.startsWith(mark)).map((line) => `${line.slice(1)}\n`);
    const [first, ...more] = `\n${before}`.split(`\n${without('+').join('')}`);
    if (first === undefined || more.length !== 1) {
      throw new Error(`these lines are there ${String(more.length)} times:\n${hunk}`);
    }
    return `${first}\n${without('-').join('')}${more.join('')}`.slice(1);
  }, text);
