/**
 * What the text of a number alone says of its marks. `point` and `comma`: that one is the decimal mark, as in `5.12`,
 * `1,200.5` or `1,200,000`. `pointOfThree` and `commaOfThree`: `1.200` and `1,200` may be a thousand and two hundred or
 * one and two tenths. `whole`: it has neither.
 */
export type NumberShape = 'whole' | 'point' | 'comma' | 'pointOfThree' | 'commaOfThree';

export type DecimalMark = '.' | ',';

/** Groups of three digits between spaces (of any width) or apostrophes, which are no decimal marks anywhere. */
const spaced = String.raw`[1-9]\d{0,2}(?:[\s'’]\d{3})+`;
const digits = String.raw`(?:0|[1-9]\d*)`;

const shapes: readonly (readonly [NumberShape, RegExp])[] = [
  ['whole', new RegExp(`^(?:${digits}|${spaced})$`, 'u')],
  ['pointOfThree', /^[1-9]\d{0,2}\.\d{3}$/],
  ['commaOfThree', /^[1-9]\d{0,2},\d{3}$/],
  ['point', new RegExp(`^(?:${digits}|${spaced})\\.\\d+$`, 'u')],
  ['comma', new RegExp(`^(?:${digits}|${spaced}),\\d+$`, 'u')],
  ['point', /^[1-9]\d{0,2}(?:,\d{3})+\.\d+$/],
  ['comma', /^[1-9]\d{0,2}(?:\.\d{3})+,\d+$/],
  ['point', /^[1-9]\d{0,2}(?:,\d{3}){2,}$/],
  ['comma', /^[1-9]\d{0,2}(?:\.\d{3}){2,}$/],
];

/** Longer text is no number that anybody wrote. */
const maxLength = 60;

/** The shape of a trimmed text without its sign; undefined for what is no number. */
export const numberShapeOf = (text: string): NumberShape | undefined =>
  text.length > maxLength ? undefined : shapes.find(([, form]) => form.test(text))?.[0];

/** How many cells of a column have which shape. */
export interface NumberCounts {
  readonly shapes: Readonly<Record<NumberShape, number>>;
  /** Numbers with four digits or more before the decimal mark, or that may have as many. */
  readonly thousands: number;
  /** All that are numbers. */
  readonly numbers: number;
}

/** Counts the shapes of a column's cells, in the memory of some numbers. */
export class NumberCounter implements NumberCounts {
  readonly shapes = { whole: 0, point: 0, comma: 0, pointOfThree: 0, commaOfThree: 0 };
  thousands = 0;
  numbers = 0;

  add(cell: string): void {
    const text = cell.trim().replace(/^[-+\u2212]/, '');
    const shape = numberShapeOf(text);
    if (shape === undefined) return;
    this.shapes[shape] += 1;
    this.numbers += 1;
    const isUnclear = shape === 'pointOfThree' || shape === 'commaOfThree';
    if (isUnclear || /^\d{4}|^\d{1,3}[\s'’]\d{3}|^\d{1,3}([.,])\d{3}(?:\1|[.,])/u.test(text)) {
      this.thousands += 1;
    }
  }
}

/** The mark under which most numbers of a column are decimals. Undefined where as many speak for the other one. */
export const decimalMarkOf = ({
  shapes: { point, comma },
}: NumberCounts): DecimalMark | undefined =>
  point === comma ? undefined : point > comma ? '.' : ',';
