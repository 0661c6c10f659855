import type { Answered } from './failover.js';

interface Step {
  readonly title: string;
  /** Of `performance.now()`. */
  readonly from: number;
  to: number;
}

/** What the callers of one step met. */
export interface Line {
  readonly title: string;
  readonly seconds: number;
  readonly commands: number;
  readonly reads: number;
  readonly refusedCommands: number;
  /** Reads that the system refused for the moment, such as `503 NOT_YET_VISIBLE`. */
  readonly refusedReads: number;
  /** Between two commands that were answered, the one before the step included. */
  readonly longestGapMs: number;
  /** Codes of the refusals, with their numbers. */
  readonly codes: readonly string[];
}

/** Steps of a rehearsal, and how each request of its load ended. */
export class Journal {
  private readonly steps: Step[] = [];
  private readonly answers: Answered[] = [];

  /** Ends the step before. */
  step(title: string, now = performance.now()): void {
    this.end(now);
    this.steps.push({ title, from: now, to: Infinity });
  }

  end(now = performance.now()): void {
    const last = this.steps.at(-1);
    if (last?.to === Infinity) last.to = now;
  }

  readonly add = (answered: Answered): void => {
    this.answers.push(answered);
  };

  get refusedCommands(): number {
    return this.lines().reduce((sum, { refusedCommands }) => sum + refusedCommands, 0);
  }

  lines(): readonly Line[] {
    const answers = [...this.answers].sort((a, b) => a.at - b.at);
    return this.steps.map((step) => lineOf(step, answers));
  }
}

const lineOf = ({ title, from, to }: Step, all: readonly Answered[]): Line => {
  const own = all.filter(({ at }) => at >= from && at < to);
  const refused = own.filter(({ refused: code }) => code !== undefined);
  const ofKind = (some: readonly Answered[], kind: Answered['kind']): number =>
    some.filter((one) => one.kind === kind).length;
  const codes = new Map<string, number>();
  for (const { kind, refused: code = '' } of refused) {
    const name = `${kind} ${code}`;
    codes.set(name, (codes.get(name) ?? 0) + 1);
  }
  return {
    title,
    seconds: (to - from) / 1_000,
    commands: ofKind(own, 'command'),
    reads: ofKind(own, 'read'),
    refusedCommands: ofKind(refused, 'command'),
    refusedReads: ofKind(refused, 'read'),
    longestGapMs: longestGap(from, to, all),
    codes: [...codes].map(([code, times]) => `${times} × ${code}`),
  };
};

/** Without an answer at all, the step itself is the gap. */
const longestGap = (from: number, to: number, all: readonly Answered[]): number => {
  const done = all.filter(({ kind, refused }) => kind === 'command' && refused === undefined);
  const before = done.findLast(({ at }) => at < from)?.at ?? from;
  const within = done.filter(({ at }) => at >= from && at < to).map(({ at }) => at);
  let longest = 0;
  let last = before;
  for (const at of [...within, to]) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
};

/** The table of the steps, as it is printed. */
export const tableOf = (lines: readonly Line[]): string => {
  const rows = [
    ['step', 'seconds', 'commands', 'refused', 'reads', 'asked again', 'longest gap'],
    ...lines.map((line) => [
      line.title,
      line.seconds.toFixed(1),
      String(line.commands),
      String(line.refusedCommands),
      String(line.reads),
      String(line.refusedReads),
      `${line.longestGapMs.toFixed(0)} ms`,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length)),
  );
  const shown = rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
  const codes = lines.flatMap(({ title, codes: some }) =>
    some.map((code) => `  ${title}: ${code}`),
  );
  return [...shown, ...codes].join('\n');
};
