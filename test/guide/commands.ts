import { readFileSync } from 'node:fs';

/** A line of a block of shell in a document, without its comment. */
export interface ShellLine {
  /** Title of the chapter. */
  readonly chapter: string;
  readonly text: string;
}

/** The lines of the `sh` blocks, in their order. */
export const shellLinesOf = (markdown: string): readonly ShellLine[] =>
  markdown
    .split(/^## /m)
    .slice(1)
    .flatMap((chapter) => {
      const title = chapter.slice(0, chapter.indexOf('\n'));
      return [...chapter.matchAll(/^```sh\n(.*?)^```$/gms)]
        .flatMap(([, body = '']) => body.split('\n'))
        .map((line) => line.replace(/\s+# .*$/, '').trim())
        .filter((line) => line !== '')
        .map((text) => ({ chapter: title, text }));
    });

/** What stands between back quotes in the text, blocks and comments of HTML apart: commands, variables, metrics. */
export const quotedIn = (markdown: string): readonly string[] => {
  const text = markdown.replaceAll(/^```.*?^```$/gms, '');
  return [...text.matchAll(/`([^`]+)`/g)].map(([, quoted = '']) => quoted.replaceAll(/\s+/g, ' '));
};

/** `voltrace subscriptions show <name>`: the words that name the command, and its options. */
export const ctlCommandOf = (
  quoted: string,
): { readonly path: readonly string[]; readonly options: readonly string[] } | undefined => {
  const [, rest] = /^(?:npx )?voltrace((?: .*)?)$/.exec(quoted) ?? [];
  if (rest === undefined) return undefined;
  const words = rest.split(' ').filter((word) => word !== '');
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return {
    path: end === -1 ? words : words.slice(0, end),
    options: words.filter((word) => word.startsWith('--')),
  };
};

/** The handbook of those who run Voltrace. */
export const operations = (root: string): string =>
  readFileSync(`${root}/docs/operations.md`, 'utf8');
