import type { CsvRow, DecimalMark } from '#csv/csv-file.js';

import type {
  ListedCertification,
  ListedFacts,
  ListedQualification,
} from '../../product/commands.js';
import type { ElementInput } from '../../read-elements.js';
import type { RowProblem } from '../events.js';
import { type BatteryColumn, cecBatteries, cecBatteriesList } from '../layouts/cec-batteries.js';
import { cellProblem, collapse, damagesOf, isNotSubmitted, isTooLong, trimLines } from './cell.js';
import { agencyName, chemistryOf, cleanModel, editionOf } from './labels.js';
import type { NormalisedRow } from './normalised-row.js';
import { isNegative, parseDate, parseDecimal, parseEfficiencies } from './values.js';

type Row = CsvRow<BatteryColumn>;

/**
 * One row of the CEC battery list in Orange Button terms.
 *
 * Rejected: no manufacturer or model, a number or date that cannot be read, text that was damaged. Needs
 * review: a chemistry that nobody has decided on. Flagged: efficiencies that were cut off.
 */
export const normaliseBattery = (row: Row, mark: DecimalMark): NormalisedRow => {
  const reader = new BatteryReader(row, mark);
  // Oversized cells are not read at all: that takes longer the longer they are.
  const isOversized = Object.values(row.cells).some(isTooLong);
  const facts = isOversized ? undefined : reader.facts();
  const { rejecting, problems, unread } = reader;
  return facts && rejecting.length === 0 ? { facts, problems, unread } : { rejected: rejecting };
};

interface Identity {
  readonly text: string;
  readonly raw: string;
}

/** Longest name or model number that is taken. */
const maxIdentity = 200;

/** The list's certifications are all of one standard. */
const certifiedStandard = 'UL1973';

/** Reads the cells of one row, and gathers what is wrong with them. */
class BatteryReader {
  /** The row cannot be used. */
  readonly rejecting: RowProblem[];
  /** What was kept raw. */
  readonly problems: RowProblem[] = [];
  /** Elements that a person should look at. */
  readonly unread: string[] = [];

  constructor(
    private readonly row: Row,
    private readonly mark: DecimalMark,
  ) {
    this.rejecting = damagesOf(cecBatteries, row);
  }

  facts(): ListedFacts {
    const manufacturer = this.identity('manufacturer', collapse);
    const model = this.identity('model', cleanModel);
    const certification = this.certification();
    return {
      list: cecBatteriesList,
      productType: 'ProdBattery',
      manufacturer: manufacturer.text,
      model: model.text,
      elements: {
        ...this.element('technology', 'BatteryChemistryType', (raw) => this.chemistry(raw)),
        ...this.element('description', 'Description', (raw) => withRaw(raw, trimLines(raw))),
        ...this.element('energy', 'EnergyCapacityNominal', (raw) => this.quantity(raw, 'energy')),
        ...this.element('power', 'PowerDCContinuousMax', (raw) => this.quantity(raw, 'power')),
        ...this.element('efficiency', 'EfficiencyBatteryRoundTrip', (raw) => this.efficiency(raw)),
      },
      ...(certification !== undefined && { certification }),
      listing: this.listing(manufacturer, model),
    };
  }

  private reject(column: BatteryColumn, reason: string): void {
    this.rejecting.push(cellProblem(cecBatteries, this.row, column, reason));
  }

  private note(column: BatteryColumn, reason: string): void {
    this.problems.push(cellProblem(cecBatteries, this.row, column, reason));
  }

  private identity(column: 'manufacturer' | 'model', clean: (raw: string) => string): Identity {
    const raw = this.row.cells[column] ?? '';
    const text = clean(raw);
    if (text === '') this.reject(column, 'is blank');
    if (text.length > maxIdentity) {
      this.reject(column, `is longer than ${String(maxIdentity)} characters`);
    }
    if (isNotSubmitted(raw)) this.reject(column, 'was not submitted');
    return { text, raw };
  }

  /** An element of a column: none where the list lacks the column, null where the cell is blank. */
  private element(
    column: BatteryColumn,
    name: string,
    read: (raw: string) => ElementInput,
  ): Readonly<Record<string, ElementInput | null>> {
    const raw = this.row.cells[column];
    if (raw === undefined) return {};
    if (collapse(raw) === '') return { [name]: null };
    return { [name]: isNotSubmitted(raw) ? { state: 'notSubmitted', raw } : read(raw) };
  }

  private chemistry(raw: string): ElementInput {
    const value = chemistryOf(raw);
    if (value !== undefined) return withRaw(raw, value);
    this.note('technology', 'is a chemistry that no rule knows');
    this.unread.push('BatteryChemistryType');
    return { state: 'unparsed', raw };
  }

  private quantity(raw: string, column: 'energy' | 'power'): ElementInput {
    const value = parseDecimal(collapse(raw), this.mark);
    if (value === undefined) {
      this.reject(column, `is not a decimal number with the decimal mark "${this.mark}"`);
    } else if (isNegative(value)) this.reject(column, 'is below zero');
    else return { ...withRaw(raw, value), unit: cecBatteries.columns[column].units[0] };
    return { state: 'unparsed', raw };
  }

  private efficiency(raw: string): ElementInput {
    const value = parseEfficiencies(raw);
    if (value) return { state: 'submitted', value, unit: 'percent', raw };
    this.note(
      'efficiency',
      'is not a list of "percent [inverter]": cut off or split by the exporter; kept raw',
    );
    return { state: 'unparsed', raw };
  }

  /** Undefined without the column, null when blank, "not submitted" or (then rejected) unreadable. */
  private date(column: BatteryColumn): string | null | undefined {
    const raw = this.row.cells[column];
    if (raw === undefined) return undefined;
    if (isBlank(raw)) return null;
    const value = parseDate(raw);
    if (value === undefined) {
      this.reject(
        column,
        'is not a date that exists; expected one such as 21.07.2021 or 2021-07-21',
      );
    }
    return value ?? null;
  }

  /** Asserted only where the list names who certified: a blank or "not submitted" is no certification. */
  private certification(): ListedCertification | null | undefined {
    const { certifyingEntity: raw, edition: rawEdition } = this.row.cells;
    if (raw === undefined) return undefined;
    const certificateDate = this.date('certificateDate');
    if (isBlank(raw)) return null;
    const agency = agencyName(raw);
    const edition = rawEdition === undefined ? undefined : editionText(rawEdition);
    const differing = {
      ...(agency !== raw && { agency: raw }),
      ...(edition && edition !== rawEdition && { edition: rawEdition }),
    };
    return {
      agency,
      standard: certifiedStandard,
      ...(edition !== undefined && { edition }),
      ...(certificateDate !== undefined && { certificateDate }),
      ...(Object.keys(differing).length > 0 && { raw: differing }),
    };
  }

  private listing(manufacturer: Identity, model: Identity): ListedQualification {
    const { notes, brand, ja12Strategies, ja12Declaration } = this.row.cells;
    return {
      agency: 'CEC',
      ...defined({
        listingDate: this.date('listingDate'),
        lastUpdate: this.date('lastUpdate'),
        notes: asWritten(notes),
      }),
      remarks: defined({
        Brand: asWritten(brand),
        CertifiedJA12ControlStrategies: asWritten(ja12Strategies),
        DeclarationForJA12Submitted: asWritten(ja12Declaration),
        ManufacturerAsWritten: asInTheFile(manufacturer),
        ModelAsWritten: asInTheFile(model),
      }),
    };
  }
}

const isBlank = (raw: string): boolean => collapse(raw) === '' || isNotSubmitted(raw);

const withRaw = (raw: string, value: string): ElementInput => ({
  state: 'submitted',
  value,
  ...(raw !== value && { raw }),
});

const editionText = (raw: string): string | null =>
  isBlank(raw) ? null : (editionOf(raw) ?? collapse(raw));

const asWritten = (raw: string | undefined): string | null | undefined =>
  raw === undefined ? undefined : trimLines(raw) || null;

/** A name that was cleaned is kept as it was written, too. */
const asInTheFile = ({ text, raw }: Identity): string | undefined =>
  text === raw ? undefined : raw;

/** Without the keys that the list says nothing of. */
const defined = <K extends string>(
  texts: Readonly<Record<K, string | null | undefined>>,
): Partial<Record<K, string | null>> =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as Partial<
    Record<K, string | null>
  >;
