import { write } from './output.js';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const upAndClear = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\r\u001b[J`);
const fallback = { columns: 80, rows: 24 };

/** Lines at the end of a terminal that are drawn over again. */
export class Screen {
  private drawn = 0;

  /** Undefined where the output is no terminal. */
  static open(): Screen | undefined {
    if (!process.stdout.isTTY) return undefined;
    process.stdout.write(hideCursor);
    process.once('exit', () => process.stdout.write(showCursor));
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.once(signal, () => process.exit(code));
    }
    return new Screen();
  }

  get width(): number {
    return process.stdout.columns || fallback.columns;
  }

  /** What does not fit is cut off: lines that wrap or scroll could not be drawn over. */
  async draw(lines: readonly string[]): Promise<void> {
    const height = (process.stdout.rows || fallback.rows) - 1;
    const fitting = lines.slice(0, height).map((line) => line.slice(0, this.width));
    const before = this.drawn;
    this.drawn = fitting.length;
    await write(upAndClear(before) + fitting.map((line) => `${line}\n`).join(''));
  }
}
