import { type DriveFiles, scaled } from './drive-file.js';
import { unsuitable } from './ends.js';
import {
  bounds,
  type End,
  type Program,
  type ProgramNode,
  type RecordRule,
  type Step,
} from './program.js';
import { asProgram, type Line, linesOf, unreadable } from './text.js';
import { inUnit, unitOf, type UnitQuantity, unitsOf } from './units.js';

/**
 * Reads a program that is written as sentences, one per line: "Charge at C/10 for 1 h or until 4.1 V (10 s period)",
 * "Repeat 10 times:" with what is repeated indented below it, or "(Charge at 1 A until 4.2 V; Rest for 1 h) x 10", and `Follow "us06"
 * times -0.5 until below 3 V` for a drive cycle of `files`. Throws a `Refusal` (`PROGRAM_TEXT_INVALID`) that names line, column and
 * expectation.
 */
export const readSentences = (text: string, files: DriveFiles = new Map()): Program => {
  const lines = linesOf(text).map((line) => new Sentence(line, files));
  const read = new Map<ProgramNode, number>();
  let next = 0;
  const block = (indent: number): ProgramNode[] => {
    const nodes: ProgramNode[] = [];
    for (let line = lines[next]; line && line.indent >= indent; line = lines[next]) {
      if (line.indent > indent)
        line.refuse(`the indentation of ${String(indent)} of the line before`);
      next += 1;
      const repeat = line.takes('repeat') ? repetition(line) : undefined;
      const node: ProgramNode = repeat ? { loop: inner(line), ...repeat } : nodeOf(line);
      line.ends();
      nodes.push(node);
      read.set(node, line.number);
    }
    return nodes;
  };
  const inner = (above: Sentence): ProgramNode[] => {
    const line = lines[next];
    return line && line.indent > above.indent
      ? block(line.indent)
      : unreadable(line?.number ?? above.number + 1, 1, 'an indented sentence to repeat');
  };
  const nodes = block(0);
  return asProgram(nodes, read);
};

type TokenKind = 'number' | 'word' | 'name' | 'sign' | 'end';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly column: number;
}

const tokens = /([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([\p{L}°]+)|("[^"]*")|(\S)/gu;
const kinds: readonly TokenKind[] = ['number', 'word', 'name', 'sign'];

/** A line as words, numbers and signs, read from left to right. */
class Sentence {
  readonly number: number;
  readonly indent: number;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(
    { number, text }: Line,
    /** What a drive cycle may be called. */
    readonly files: DriveFiles,
  ) {
    this.number = number;
    this.indent = text.length - text.trimStart().length;
    this.#tokens = [...text.matchAll(tokens)].map((match) => ({
      kind: kinds[match.slice(1).findIndex(Boolean)] ?? 'sign',
      text: match[0],
      column: match.index + 1,
    }));
    this.#end = { kind: 'end', text: '', column: text.length + 1 };
  }
  readonly #end: Token;

  get token(): Token {
    return this.#tokens[this.#at] ?? this.#end;
  }

  /** Reads the word or sign if it comes next. */
  takes(word: string): boolean {
    const taken = this.token.text.toLowerCase() === word;
    if (taken) this.#at += 1;
    return taken;
  }

  needs(word: string, expected = `"${word}"`): void {
    if (!this.takes(word)) this.refuse(expected);
  }

  next(kind: TokenKind, expected: string): Token {
    const { token } = this;
    if (token.kind !== kind) this.refuse(expected);
    this.#at += 1;
    return token;
  }

  ends(): void {
    if (this.token.kind === 'end') return;
    if (this.token.text.toLowerCase() === 'at') {
      this.refuse('the end of the sentence: a program sets no temperature of a chamber');
    }
    this.refuse('"or", "(" or the end of the sentence');
  }

  refuse(expected: string, { text, column } = this.token): never {
    const found = text === '' ? 'the end of the line' : `"${text.slice(0, 40)}"`;
    return unreadable(this.number, column, `${expected}, and not ${found}`);
  }
}

const repetition = (line: Sentence) => {
  const times = timesOf(line);
  const isCycle = line.takes('cycles') || line.takes('cycle');
  if (!isCycle && !line.takes('times') && !line.takes('time')) line.refuse('"times" or "cycles"');
  line.needs(':');
  return { times, ...(isCycle && { cycle: true as const }) };
};

const timesOf = (line: Sentence): number => {
  const token = line.next('number', 'a number of times');
  return /^\d+$/.test(token.text)
    ? Number(token.text)
    : line.refuse('a whole number of times', token);
};

const nodeOf = (line: Sentence, depth = 0): ProgramNode => {
  const { token } = line;
  if (!line.takes('(')) return stepOf(line);
  if (depth >= bounds.depth) line.refuse(`at most ${String(bounds.depth)} groups in groups`, token);
  const loop = [nodeOf(line, depth + 1)];
  while (line.takes(';')) loop.push(nodeOf(line, depth + 1));
  line.needs(')', '";" or ")"');
  line.needs('x', '"x" and a number of times');
  return { loop, times: timesOf(line) };
};

const stepOf = (line: Sentence): Step => {
  const held = line.takes('follow') ? followed(line) : heldBy(line);
  const places: Token[] = [];
  const until: End[] = [];
  do {
    const hasWord = line.takes('for') || line.takes('until');
    // A drive cycle ends with its last point.
    if (!hasWord && 'points' in held && until.length === 0) break;
    if (!hasWord && until.length === 0) line.refuse('"for" or "until"');
    if (until.length === bounds.ends) line.refuse(`at most ${String(bounds.ends)} ends`);
    places.push(line.token);
    until.push(endOf(line));
  } while (line.takes('or'));
  const step = { ...held, ...(until.length > 0 && { until }), ...optionsOf(line) } as Step;
  for (const [index, end] of until.entries()) {
    const wrong = unsuitable(step, end);
    if (wrong !== undefined) line.refuse(`another end: ${wrong}`, places[index]);
  }
  return step;
};

const followed = (line: Sentence): object => {
  const token = line.next('name', 'the name of a drive cycle in quotes, as in Follow "us06"');
  const file = line.files.get(token.text.slice(1, -1));
  const known = [...line.files.keys()].map((name) => `"${name}"`).join(', ');
  if (!file) return line.refuse(known || 'no drive cycle: none is given', token);
  if (!line.takes('times')) return { do: 'drive', ...file };
  const factor = line.next('number', 'a factor, as in times -1');
  if (Number(factor.text) === 0) line.refuse('a factor that is not 0', factor);
  return { do: 'drive', ...scaled(file, Number(factor.text)) };
};

/** What a step holds, with the members of its kind. */
const heldBy = (line: Sentence): object => {
  if (line.takes('rest')) return { do: 'rest' };
  if (line.takes('hold')) {
    line.needs('at');
    return { do: 'cv', ...valueOf(line, ['voltageV']) };
  }
  const charges = line.takes('charge');
  if (!charges && !line.takes('discharge'))
    line.refuse('Charge, Discharge, Rest, Hold, Follow or Repeat');
  line.needs('at');
  const set = valueOf(line, ['currentA', 'cRate', 'powerW', ...(charges ? [] : resistance)]);
  if ('resistanceOhm' in set) return { do: 'cr', ...set };
  const signed = Object.fromEntries(
    Object.entries(set).map(([name, value]) => [
      name,
      typeof value === 'number' && !charges ? -value : value,
    ]),
  );
  if ('powerW' in set) return { do: 'cp', ...signed };
  if (!line.takes('and')) return { do: 'cc', ...signed };
  line.needs('hold');
  line.needs('at');
  return { do: 'cccv', ...signed, ...valueOf(line, ['voltageV']) };
};

const resistance = ['resistanceOhm'] as const;
const ended: readonly UnitQuantity[] = [
  ...(['timeS', 'voltageV', 'currentA', 'cRate', 'powerW', 'capacityAh', 'energyWh'] as const),
  'temperatureC',
];
const signed: readonly UnitQuantity[] = ['voltageV', 'temperatureC'];

const endOf = (line: Sentence): End => {
  if (line.takes('-')) {
    line.needs('dv', '"dV"');
    line.needs('of');
    const { voltageV } = valueOf(line, ['voltageV']);
    return { deltaVoltageV: Number(voltageV) };
  }
  const is = comparison(line);
  const end = valueOf(line, ended, signed);
  return { ...end, ...(is && { is }) };
};

const comparison = (line: Sentence): End['is'] => {
  if (line.takes('above')) return 'atLeast';
  if (line.takes('below')) return 'atMost';
  if (!line.takes('at')) return undefined;
  if (line.takes('least')) return 'atLeast';
  line.needs('most', '"least" or "most"');
  return 'atMost';
};

/** A number with a unit of one of the quantities, by the name of its quantity. */
const valueOf = (
  line: Sentence,
  quantities: readonly UnitQuantity[],
  maybeNegative: readonly UnitQuantity[] = [],
): Readonly<Partial<Record<UnitQuantity, number>>> & { readonly of?: 'nominal' | 'measured' } => {
  const first = line.token;
  if (quantities.includes('cRate') && line.takes('c')) {
    line.needs('/');
    const part = line.next('number', 'a number of hours, as in C/10');
    const cRate = 1 / Number(part.text);
    if (!(cRate > 0 && cRate < Infinity)) line.refuse('a number greater than 0', part);
    return { cRate, ...capacityOf(line) };
  }
  const { text } = line.next('number', `a number with a unit (${unitsOf(quantities)})`);
  const name = line.next('word', `a unit (${unitsOf(quantities)})`);
  const unit = unitOf(name.text);
  if (!unit || !quantities.includes(unit.quantity)) {
    return line.refuse(`a unit (${unitsOf(quantities)})`, name);
  }
  const value = inUnit(text, unit);
  if (!(value > 0) && !maybeNegative.includes(unit.quantity)) {
    line.refuse('a number greater than 0', first);
  }
  return { [unit.quantity]: value, ...(unit.quantity === 'cRate' && capacityOf(line)) };
};

const capacityOf = (line: Sentence): Pick<End, 'of'> => {
  if (!line.takes('of')) return {};
  const isMeasured = line.takes('measured');
  if (!isMeasured) line.needs('nominal', '"nominal" or "measured"');
  line.needs('capacity');
  return { of: isMeasured ? 'measured' : 'nominal' };
};

const optionsOf = (line: Sentence): Pick<Step, 'record' | 'measures'> => {
  let options: Pick<Step, 'record' | 'measures'> = {};
  while (line.takes('(')) {
    if (line.takes('measures')) {
      line.needs('capacity');
      options = { ...options, measures: 'capacity' };
    } else options = { ...options, record: ruleOf(line) };
    line.needs(')');
  }
  return options;
};

const ruleOf = (line: Sentence): RecordRule => {
  let rule: RecordRule = { everyS: Number(valueOf(line, ['timeS']).timeS) };
  line.needs('period');
  while (line.takes('or')) {
    const { voltageV, currentA } = valueOf(line, ['voltageV', 'currentA']);
    if (voltageV !== undefined) rule = { ...rule, dV: voltageV };
    else if (currentA !== undefined) rule = { ...rule, dA: currentA };
  }
  return rule;
};
