import type { CsvRow } from '#csv/csv-file.js';

import { inMainUnit, withoutZeros } from '../../amounts.js';
import { findingsOf } from '../../plausibility/findings.js';
import type {
  ListedCertification,
  ListedFacts,
  ListedQualification,
} from '../../product/commands.js';
import type { ElementInput } from '../../read-elements.js';
import type { RowProblem } from '../events.js';
import {
  type BatteryColumn,
  cecBatteries,
  cecBatteriesAgency,
  cecBatteriesList,
} from '../layouts/cec-batteries.js';
import { cellAt } from '../layouts/fact-layout.js';
import { collapse, isNotSubmitted, problem, trimLines } from './cell.js';
import type { BatteryColumns, DateColumn, QuantityColumn } from './columns.js';
import { readDate } from './dates.js';
import { parseEfficiencies } from './efficiencies.js';
import { agencyName, chemistryOf, cleanModel, editionOf } from './labels.js';
import type { NormalisedRow } from './normalised-row.js';
import { isNegative, readNumber } from './numbers.js';
import { isPlaceholder, withoutTextGuard } from './placeholders.js';
import { type Cleaned, RowReader, withRaw } from './row-reader.js';

type Row = CsvRow<BatteryColumn>;

/**
 * One row of the CEC battery list in Orange Button terms.
 *
 * Rejected: no manufacturer or model, a capacity that is no number. Needs review: a chemistry that nobody has
 * decided on, a number, unit or date that may mean two things, a damaged name or model. Left out and
 * flagged: placeholders, efficiencies that were cut off, dates that do not exist, damaged text elsewhere.
 */
export const normaliseBattery = (row: Row, columns: BatteryColumns): NormalisedRow => {
  const reader = new BatteryReader(row, columns);
  const facts = reader.facts();
  const { rejecting: rejected, problems, unread } = reader;
  if (rejected.length > 0) return { rejected };
  const damage = reader.damage();
  return { facts, problems, warnings: warningsOf(row, facts), unread, ...(damage && { damage }) };
};

/** How a row names its product, whatever is wrong with it. */
export const namedIn = ({
  cells,
}: Row): { readonly manufacturer: string; readonly model: string } => ({
  manufacturer: collapse(withoutTextGuard(cells.manufacturer ?? '')),
  model: cleanModel(withoutTextGuard(cells.model ?? '')),
});

const warningsOf = (row: Row, { productType, elements }: ListedFacts): readonly RowProblem[] =>
  findingsOf(productType, elements).map(({ rule, version, message, elements: [name = ''] }) => {
    const { column, raw } = cellAt(cecBatteries, row, `/elements/${name}`);
    return problem(
      column,
      `is hard to believe (${rule}, version ${String(version)}): ${message}`,
      raw,
    );
  });

/** The list's certifications are all of one standard. */
const certifiedStandard = 'UL1973';

/** The units that the facts are in. */
const quantities = {
  energy: { name: 'EnergyCapacityNominal', unit: 'kWh' },
  power: { name: 'PowerDCContinuousMax', unit: 'kW' },
} as const;

/** A unit of the layout, however a header writes it. */
const unitNamed = (column: QuantityColumn, written: string): string =>
  cecBatteries.columns[column].units.find((unit) => unit.toLowerCase() === written.toLowerCase()) ??
  written;

class BatteryReader extends RowReader<BatteryColumn> {
  constructor(
    row: Row,
    private readonly columns: BatteryColumns,
  ) {
    super(cecBatteries, row);
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
        ...this.element('technology', 'BatteryChemistryType', (text, raw) =>
          this.chemistry(text, raw),
        ),
        ...this.element('description', 'Description', (text, raw) => withRaw(raw, trimLines(text))),
        ...this.quantity('energy'),
        ...this.quantity('power'),
        ...this.element('efficiency', 'EfficiencyBatteryRoundTrip', (text, raw) =>
          this.efficiency(text, raw),
        ),
      },
      ...(certification !== undefined && { certification }),
      listing: this.listing(manufacturer, model),
    };
  }

  private chemistry(text: string, raw: string): ElementInput {
    const value = chemistryOf(text);
    if (value !== undefined) return withRaw(raw, value);
    const pointer = '/elements/BatteryChemistryType';
    this.ask('technology', pointer, 'is a chemistry that no rule knows');
    return { state: 'unparsed', raw };
  }

  private quantity(column: QuantityColumn): Readonly<Record<string, ElementInput | null>> {
    const { name } = quantities[column];
    const raw = this.raw(column) ?? '';
    // A battery without a capacity is not much of a product.
    if (column === 'energy' && isPlaceholder(raw)) this.unread.push(`/elements/${name}`);
    return this.element(column, name, (text) => this.amount(column, text, raw));
  }

  private amount(column: QuantityColumn, text: string, raw: string): ElementInput {
    const reading = this.columns.quantities[column];
    const { name, unit } = quantities[column];
    const pointer = `/elements/${name}`;
    const unparsed = { state: 'unparsed', raw };
    const read = readNumber(collapse(text), reading);
    if (read === undefined || 'unclear' in read) {
      if (read) this.ask(column, pointer, read.unclear);
      else if (column === 'energy') this.reject(column, 'is not a decimal number');
      else this.ask(column, pointer, 'is not a decimal number');
      return unparsed;
    }
    if (isNegative(read.value)) {
      this.reject(column, 'is below zero');
      return unparsed;
    }
    const written = reading.unit;
    if (written === undefined) {
      const reason = `the unit is not stated, and the values are not plausible in ${unit}`;
      this.ask(column, pointer, reason);
      return unparsed;
    }
    const named = unitNamed(column, written);
    const converted = inMainUnit({ value: read.value, unit: named }, unit);
    if (named === unit || converted === null) return { ...withRaw(raw, read.value), unit };
    return { ...withRaw(`${collapse(raw)} ${written}`, withoutZeros(converted)), unit };
  }

  private efficiency(text: string, raw: string): ElementInput {
    const value = parseEfficiencies(text);
    if (value) return { state: 'submitted', value, unit: 'percent', raw };
    this.note(
      'efficiency',
      'is not a list of "percent [inverter]": cut off or split by the exporter; kept raw',
    );
    return { state: 'unparsed', raw };
  }

  /** Undefined where the list says nothing that can be read (which is noted), null where it is blank. */
  private date(column: DateColumn, pointer: string): string | null | undefined {
    const text = this.optional(column);
    if (text === undefined) return undefined;
    if (isBlank(text)) return null;
    const read = readDate(text, this.columns.dayOrders[column]);
    if (read === undefined) {
      this.note(column, 'is not a date that exists, such as 21.07.2021 or 2021-07-21; left out');
      return undefined;
    }
    if ('unclear' in read) {
      this.ask(column, pointer, read.unclear);
      return undefined;
    }
    if (read.note !== undefined) this.note(column, read.note);
    return read.date;
  }

  /**
   * Asserted only where the list names who certified: a blank or "not submitted" is no certification. With a
   * date that cannot be read nothing is said of it: without its date it would be another one.
   */
  private certification(): ListedCertification | null | undefined {
    const certifier = this.optional('certifyingEntity');
    if (certifier === undefined) return undefined;
    const pointer = `/certifications/${certifiedStandard}`;
    const certificateDate = this.date('certificateDate', pointer);
    if (isBlank(certifier)) return null;
    if (certificateDate === undefined && !isSaidNothing(this.raw('certificateDate'))) {
      return undefined;
    }
    const agency = agencyName(certifier);
    const rawEdition = this.raw('edition');
    const said = this.optional('edition');
    const edition = said === undefined ? undefined : editionText(said);
    const differing = {
      ...(agency !== this.raw('certifyingEntity') && { agency: this.raw('certifyingEntity') }),
      ...(edition && edition !== rawEdition && { edition: rawEdition }),
    } as Readonly<Record<string, string>>;
    return {
      agency,
      standard: certifiedStandard,
      ...(edition !== undefined && { edition }),
      ...(certificateDate !== undefined && { certificateDate }),
      ...(Object.keys(differing).length > 0 && { raw: differing }),
    };
  }

  private listing(manufacturer: Cleaned, model: Cleaned): ListedQualification {
    const pointer = '/qualifications/CEC';
    return {
      agency: cecBatteriesAgency,
      ...defined({
        listingDate: this.date('listingDate', pointer),
        lastUpdate: this.date('lastUpdate', pointer),
        notes: this.asWritten('notes'),
      }),
      remarks: defined({
        Brand: this.asWritten('brand'),
        CertifiedJA12ControlStrategies: this.asWritten('ja12Strategies'),
        DeclarationForJA12Submitted: this.asWritten('ja12Declaration'),
        ManufacturerAsWritten: asInTheFile(manufacturer),
        ModelAsWritten: asInTheFile(model),
      }),
    };
  }

  private asWritten(column: BatteryColumn): string | null | undefined {
    const text = this.optional(column);
    return text === undefined ? undefined : trimLines(text) || null;
  }
}

const isBlank = (text: string): boolean => collapse(text) === '' || isNotSubmitted(text);

/** No column, or a placeholder, which is no date and no attempt at one. */
const isSaidNothing = (raw: string | undefined): boolean => raw === undefined || isPlaceholder(raw);

const editionText = (text: string): string | null =>
  isBlank(text) ? null : (editionOf(text) ?? collapse(text));

/** A name that was cleaned is kept as it was written, too; one that is clean takes a former spelling back. */
const asInTheFile = ({ text, raw }: Cleaned): string | null => (text === raw ? null : raw);

/** Without the keys that the list says nothing of. */
const defined = <K extends string>(
  texts: Readonly<Record<K, string | null | undefined>>,
): Partial<Record<K, string | null>> =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as Partial<
    Record<K, string | null>
  >;
