/** Characters of a pattern with its repetitions written out: what its compiled form grows with. */
const MAX_SIZE = 2_000;

const TOKEN =
  /(?<quoted>\\Q.*?(?:\\E|$))|\\(?:[pPx]\{[^}]*\}|.|$)|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]|(?<open>\((?:\?(?:P?<\w+>|<?[=!]|[A-Za-z-]*:?))?)|(?<close>\))|(?<repeated>[*+?]|\{(?<least>\d+)(?:,(?<most>\d*))?\})|./gsu;

/** What is inside of one pair of parentheses, or of none. */
interface Level {
  size: number;
  /** Of the piece that a quantifier would repeat; not part of `size` yet. */
  last: number;
}

/**
 * How many characters a pattern has once its repetitions are written out, the most of each: `(ab){1,3}` as
 * `(ab)(ab)(ab)`. A class and an escape count as one, parentheses as one more. It is never too low for a
 * pattern of the RE2 syntax.
 */
export const patternSize = (pattern: string): number => {
  const outer: Level[] = [];
  let level: Level = { size: 0, last: 0 };
  const add = (size: number): void => {
    level.size += level.last;
    level.last = size;
  };
  const close = (): void => {
    const inside = level.size + level.last;
    level = outer.pop() ?? { size: 0, last: 0 };
    add(inside + 1);
  };
  for (const { 0: text, groups = {} } of pattern.matchAll(TOKEN)) {
    const { open, close: closed, repeated, quoted, least = '', most = '' } = groups;
    if (open !== undefined) {
      outer.push(level);
      level = { size: 0, last: 0 };
    } else if (closed !== undefined) close();
    else if (repeated !== undefined) level.last *= Math.max(1, Number(least), Number(most));
    else add(quoted === undefined ? 1 : text.length);
  }
  while (outer.length > 0) close();
  return level.size + level.last;
};

/** Why patterns of this size together are refused; undefined where they are not. */
export const tooLarge = (size: number): string | undefined =>
  size > MAX_SIZE
    ? `it has more than ${MAX_SIZE} characters once its repetitions are written out (a{3} as aaa)`
    : undefined;
