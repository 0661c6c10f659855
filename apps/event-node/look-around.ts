import { RE2JS } from 're2js';

import { patternSize, tooLarge } from './pattern-size.js';
import { type Piece, piecesOf, textOf, UnknownSyntax } from './pattern-syntax.js';

export type NameTest = (name: string) => boolean;

export const SERVED =
  'Look-around is served as (?!X) and (?=X) after the ^ of an alternative, as (?<!X) and (?<=X) before its final $, and as ^(?:(?!X).)*$, where X looks around no further.';

/** Most characters of all expressions together that one pattern is taken apart into. */
const MAX_SOURCE = 5_000;
const LEADING_FLAGS = /^\(\?[is]+\)/;

/**
 * Tests names by a pattern with look-around, in time that grows with the name's length and no faster:
 * each assertion is an expression of its own, tested at the only position where it can occur.
 * Throws `UnknownSyntax`, or what RE2 throws, for a pattern that cannot be taken apart so.
 */
export const lookAroundTest = (pattern: string): NameTest => {
  const [flags = ''] = LEADING_FLAGS.exec(pattern) ?? [];
  return new Parts(flags).anyOf(piecesOf(pattern.slice(flags.length)));
};

class Parts {
  private source = 0;
  /** Of all expressions together. */
  private size = 0;

  constructor(private readonly flags: string) {}

  anyOf(
    alternatives: Piece['alternatives'],
    after: readonly Piece[] = [],
    atStart = false,
  ): NameTest {
    const tests = alternatives.map((pieces) => this.sequence([...pieces, ...after], atStart));
    return (name) => tests.some((test) => test(name));
  }

  /** Whether the name has a match of the pieces, at its start or anywhere. */
  private sequence(all: readonly Piece[], atStart: boolean): NameTest {
    const pieces = all.slice();
    const tests: NameTest[] = [];
    if (pieces.at(-1)?.text === '$') {
      const end = pieces.splice(-1);
      // A look-behind before the final `$` is tested at the end of the name, whatever precedes it.
      for (let last = pieces.at(-1); last !== undefined && looksBack(last); last = pieces.at(-1)) {
        tests.push(this.condition(last, `(?:${insideOf(last)})$`));
        pieces.pop();
      }
      pieces.push(...end);
    }
    let first = pieces.at(0);
    for (; first?.text === '^'; first = pieces.at(0)) {
      atStart = true;
      pieces.shift();
    }
    for (; atStart && first !== undefined && looksAhead(first); first = pieces.at(0)) {
      tests.push(this.condition(first, `^(?:${insideOf(first)})`));
      pieces.shift();
    }
    tests.push(this.rest(pieces, atStart));
    return (name) => tests.every((test) => test(name));
  }

  private rest(pieces: readonly Piece[], atStart: boolean): NameTest {
    const [first, ...others] = pieces;
    if (first === undefined || !pieces.some(({ looks }) => looks)) {
      return this.found(atStart ? `^(?:${textOf(pieces)})` : textOf(pieces));
    }
    const absent = atStart && textOf(others) === '$' ? absentIn(first) : undefined;
    if (absent !== undefined) return this.nowhere(absent, first.quantifier);
    if (first.group !== '(?:' || first.quantifier !== '')
      throw new UnknownSyntax('it looks around elsewhere');
    return this.anyOf(first.alternatives, others, atStart);
  }

  private condition({ group }: Piece, source: string): NameTest {
    const test = this.found(source);
    return group === '(?!' || group === '(?<!' ? (name) => !test(name) : test;
  }

  /** Whether no match begins before any character of the name, `.` being what characters may be. */
  private nowhere(source: string, quantifier: string): NameTest {
    const expression = this.compile(source);
    const whole = this.found(`^(?:.)${quantifier}$`);
    return (name) => {
      const matcher = expression.matcher(name);
      return whole(name) && !(matcher.find() && matcher.start() < name.length);
    };
  }

  private found(source: string): NameTest {
    const expression = this.compile(source);
    return (name) => expression.matcher(name).find();
  }

  private compile(source: string): RE2JS {
    this.source += source.length;
    if (this.source > MAX_SOURCE) throw new UnknownSyntax('it has too many alternatives');
    this.size += patternSize(source);
    const reason = tooLarge(this.size);
    if (reason !== undefined) throw new UnknownSyntax(reason);
    return RE2JS.compile(this.flags + source);
  }
}

const looksAhead = ({ group, quantifier }: Piece): boolean =>
  (group === '(?=' || group === '(?!') && quantifier === '';

const looksBack = ({ group, quantifier }: Piece): boolean =>
  (group === '(?<=' || group === '(?<!') && quantifier === '';

/** The pattern inside an assertion. RE2 refuses it where it has look-around itself. */
const insideOf = ({ alternatives }: Piece): string => alternatives.map(textOf).join('|');

/** X of `(?:(?!X).)*`: a text whose characters all begin no match of X. */
const absentIn = ({ group, quantifier, alternatives }: Piece): string | undefined => {
  const [[look, any, ...more] = [], ...others] = alternatives;
  if (group !== '(?:' || !/^[*+]\??$/.test(quantifier) || others.length > 0) return undefined;
  if (look?.group !== '(?!' || look.quantifier !== '') return undefined;
  return any?.text === '.' && more.length === 0 ? insideOf(look) : undefined;
};
