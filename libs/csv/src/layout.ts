/** One column that a layout knows. */
export interface LayoutColumn {
  /** Names in the normal form of `columnName`, without the unit. The first is shown in messages. */
  readonly names: readonly string[];
  readonly required?: true;
  /** The units that the column may be in: another one, in its name or below it, is refused. */
  readonly units?: readonly [string, ...string[]];
  /** Holds decimals: tells a file with decimal commas from one with points. */
  readonly decimal?: true;
  /** Holds dates: tells those with the day first from those with the month first. */
  readonly date?: true;
}

/** A kind of file that is known by sight alone. */
export interface KnownList {
  /** As messages call such a file. */
  readonly title: string;
  /** What a title row above its header says, in the normal form of `columnName`. */
  readonly titleRow?: RegExp;
  /** What titles of its columns say that no other list has, in the same form, as whole words. */
  readonly marks: readonly string[];
  /** So many of the marks tell it. */
  readonly least: number;
}

/** A kind of file that can be read: its columns by our own name for them. */
export interface Layout<C extends string = string> {
  /** To be stored with what is read. */
  readonly name: string;
  /** As messages call such a file. */
  readonly title: string;
  readonly columns: Readonly<Record<C, LayoutColumn>>;
  /** What a title row above its header says, in the normal form of `columnName`. */
  readonly titleRow?: RegExp;
  /** Kinds of files that share columns with it: a file that looks like one of them is refused as that one. */
  readonly others?: readonly KnownList[];
}

/** A column of a file that its layout knows. */
export interface FileColumn<C extends string = string> {
  /** The layout's own name for it. */
  readonly name: C;
  /** Its title as written, over two rows with a space between them. */
  readonly header: string;
  /** Its unit as written: from the title, a bracket in it, or a row of units below. */
  readonly unit?: string;
  /** Where it lies in a record, from 0. */
  readonly at: number;
}

/** A column of a file that its layout does not know. */
export interface UnknownColumn {
  /** As written, or which one it is where it has no title. */
  readonly title: string;
  readonly at: number;
}

/** A header as it was recognised: where in a record each column lies. */
export interface Header<C extends string = string> {
  readonly layout: Layout<C>;
  readonly index: Readonly<Partial<Record<C, number>>>;
  /** What stands in brackets behind the title of a column, or below it, as written: a unit, or the form of a date. */
  readonly units: Readonly<Partial<Record<C, string>>>;
  /** Titles of columns that the layout does not know, as written. */
  readonly ignored: readonly string[];
}

export const requiredOf = ({ columns }: Layout): readonly string[] =>
  Object.keys(columns).filter((name) => columns[name]?.required);

/** What messages call a column. */
export const titleOf = ({ columns }: Layout, name: string): string =>
  columns[name]?.names[0] ?? name;
