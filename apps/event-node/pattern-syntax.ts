/** The pattern has syntax that is not known here. */
export class UnknownSyntax extends Error {
  override readonly name = 'UnknownSyntax';
}

/** One piece of a pattern as it is written, its quantifier included. */
export interface Piece {
  readonly text: string;
  readonly quantifier: string;
  /** The opening of the group, plain or an assertion; undefined where the piece is no such group. */
  readonly group: '(?:' | '(?=' | '(?!' | '(?<=' | '(?<!' | undefined;
  /** The alternatives in its parentheses. */
  readonly alternatives: readonly (readonly Piece[])[];
  /** Whether it is or contains an assertion. */
  readonly looks: boolean;
}

const GROUP = /\((?:\?(?:<?[=!]|:))?/y;
const FLAGS = /\(\?[A-Za-z-]*\)/y;
const CLASS = /\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]/sy;
const QUANTIFIER = /(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?/y;

/** Takes a pattern apart; whether its pieces are well formed is for who compiles them. */
export const piecesOf = (pattern: string): Piece['alternatives'] => {
  const reading = new Reading(pattern);
  const alternatives = reading.alternatives();
  if (!reading.isOver) throw new UnknownSyntax('a parenthesis is closed that was not opened');
  return alternatives;
};

export const textOf = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

class Reading {
  private at = 0;

  constructor(private readonly pattern: string) {}

  get isOver(): boolean {
    return this.at === this.pattern.length;
  }

  alternatives(): Piece[][] {
    let last: Piece[] = [];
    const all = [last];
    while (!this.isOver && this.next !== ')') {
      if (this.next === '|') {
        this.at += 1;
        last = [];
        all.push(last);
      } else last.push(this.piece());
    }
    return all;
  }

  private get next(): string {
    return this.pattern.charAt(this.at);
  }

  private piece(): Piece {
    const from = this.at;
    const inside = this.next === '(' ? this.parentheses() : this.single();
    const quantifier = this.take(QUANTIFIER) ?? '';
    return { ...inside, quantifier, text: this.pattern.slice(from, this.at) };
  }

  private parentheses(): Pick<Piece, 'group' | 'alternatives' | 'looks'> {
    if (this.take(FLAGS) !== undefined) throw new UnknownSyntax('flags stand within it');
    const opening = this.take(GROUP);
    // What else begins with `(?`, such as a name, is no plain group.
    const group = opening === '(' ? (this.next === '?' ? undefined : '(?:') : opening;
    const alternatives = this.alternatives();
    if (this.next !== ')') throw new UnknownSyntax('a parenthesis is not closed');
    this.at += 1;
    const looksItself = group !== undefined && group !== '(?:';
    return {
      group: group as Piece['group'],
      alternatives,
      looks: looksItself || alternatives.flat().some(({ looks }) => looks),
    };
  }

  private single(): Pick<Piece, 'group' | 'alternatives' | 'looks'> {
    if (this.pattern.startsWith('\\Q', this.at)) throw new UnknownSyntax('it quotes by \\Q');
    if (this.next === '\\') this.at += 2;
    else if (this.take(CLASS) === undefined) this.at += 1;
    if (this.at > this.pattern.length) throw new UnknownSyntax('it ends with a backslash');
    return { group: undefined, alternatives: [], looks: false };
  }

  /** What matches here, skipped. */
  private take(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const [taken] = expression.exec(this.pattern) ?? [];
    this.at += taken?.length ?? 0;
    return taken;
  }
}
