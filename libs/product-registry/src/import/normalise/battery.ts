import type { CsvRow, DecimalMark } from '#csv/csv-file.js';

import type {
  ListedCertification,
  ListedFacts,
  ListedQualification,
} from '../../product/commands.js';
import type { ElementInput } from '../../read-elements.js';
import type { RowProblem } from '../events.js';
import { type BatteryColumn, cecBatteriesList } from '../layouts/cec-batteries.js';
import { agencyName } from './agency.js';
import { titleOf } from './battery-cells.js';
import { collapse, isNotSubmitted, isTooLong, problem, trimLines, unusable } from './cell.js';
import { chemistryOf } from './chemistry.js';
import { parseDate } from './date.js';
import { isNegative, parseDecimal } from './decimal.js';
import { editionOf } from './edition.js';
import { parseEfficiencies } from './efficiency.js';
import { cleanModel } from './model.js';
import type { NormalisedRow } from './normalised-row.js';

type Row = CsvRow<BatteryColumn>;

/** Problems of one row, sorted by what they mean for it. */
interface Findings {
  /** The row cannot be used. */
  readonly rejecting: RowProblem[];
  /** The row is used, and a person should look at it. */
  readonly review: RowProblem[];
  /** Kept raw, and said so. */
  readonly flagged: RowProblem[];
}

/**
 * One row of the CEC battery list in Orange Button terms.
 *
 * Rejected: no maker or model, a number or date that cannot be read, text that was damaged. Needs
 * review: a chemistry that nobody has decided on. Flagged: efficiencies that were cut off.
 */
export const normaliseBattery = (row: Row, mark: DecimalMark): NormalisedRow => {
  const oversized = Object.entries(row.cells).filter(([, cell]) => isTooLong(cell));
  // They are not read at all: that takes longer the longer they are.
  if (oversized.length > 0) {
    const rejected = oversized.map(([name, cell]) =>
      problem(titleOf(name), unusable(cell) ?? '', cell),
    );
    return { row: row.row, rejected };
  }
  const findings: Findings = { rejecting: [], review: [], flagged: [] };
  const facts = read(row, mark, findings);
  if (findings.rejecting.length > 0) return { row: row.row, rejected: findings.rejecting };
  return {
    row: row.row,
    facts,
    problems: [...findings.review, ...findings.flagged],
    needsReview: findings.review.length > 0,
    // Nothing but a chemistry needs review by itself.
    ...(findings.review.length > 0 && { unread: ['BatteryChemistryType'] }),
  };
};

const read = (row: Row, mark: DecimalMark, findings: Findings): ListedFacts => {
  if (row.misshapen !== undefined) findings.rejecting.push(problem('', row.misshapen, ''));
  for (const [name, cell] of Object.entries(row.cells)) {
    const why = unusable(cell);
    if (why !== undefined) findings.rejecting.push(problem(titleOf(name), why, cell));
  }
  const manufacturer = identity(row, 'manufacturer', collapse, findings);
  const model = identity(row, 'model', cleanModel, findings);
  const certification = certificationOf(row, findings);
  return {
    list: cecBatteriesList,
    productType: 'ProdBattery',
    manufacturer: manufacturer.text,
    model: model.text,
    elements: {
      ...element(row, 'technology', 'BatteryChemistryType', (raw) => chemistry(raw, findings)),
      ...element(row, 'description', 'Description', description),
      ...element(row, 'energy', 'EnergyCapacityNominal', (raw) =>
        quantity(raw, 'energy', 'kWh', mark, findings),
      ),
      ...element(row, 'power', 'PowerDCContinuousMax', (raw) =>
        quantity(raw, 'power', 'kW', mark, findings),
      ),
      ...element(row, 'efficiency', 'EfficiencyBatteryRoundTrip', (raw) =>
        efficiency(raw, findings),
      ),
    },
    ...(certification !== undefined && { certification }),
    listing: listingOf(row, [manufacturer, model], findings),
  };
};

interface Identity {
  readonly text: string;
  readonly raw: string;
}

/** Longest name or model number that is taken. */
const maxIdentity = 200;

const identity = (
  row: Row,
  column: 'manufacturer' | 'model',
  clean: (raw: string) => string,
  { rejecting }: Findings,
): Identity => {
  const raw = row.cells[column] ?? '';
  const text = clean(raw);
  if (text === '') rejecting.push(problem(titleOf(column), 'is blank', raw));
  if (text.length > maxIdentity) {
    const reason = `is longer than ${String(maxIdentity)} characters`;
    rejecting.push(problem(titleOf(column), reason, raw));
  }
  if (isNotSubmitted(raw)) rejecting.push(problem(titleOf(column), 'was not submitted', raw));
  return { text, raw };
};

/** An element of a column: none where the list lacks the column, null where the cell is blank. */
const element = (
  row: Row,
  column: BatteryColumn,
  name: string,
  readCell: (raw: string) => ElementInput,
): Readonly<Record<string, ElementInput | null>> => {
  const raw = row.cells[column];
  if (raw === undefined) return {};
  if (collapse(raw) === '') return { [name]: null };
  if (isNotSubmitted(raw)) return { [name]: { state: 'notSubmitted', raw } };
  return { [name]: readCell(raw) };
};

const description = (raw: string): ElementInput => withRaw(raw, trimLines(raw));

const withRaw = (raw: string, value: string): ElementInput => ({
  state: 'submitted',
  value,
  ...(raw !== value && { raw }),
});

const chemistry = (raw: string, { review }: Findings): ElementInput => {
  const value = chemistryOf(raw);
  if (value !== undefined) return withRaw(raw, value);
  review.push(problem(titleOf('technology'), 'is a chemistry that no rule knows', raw));
  return { state: 'unparsed', raw };
};

const quantity = (
  raw: string,
  column: 'energy' | 'power',
  unit: string,
  mark: DecimalMark,
  { rejecting }: Findings,
): ElementInput => {
  const text = collapse(raw);
  const number = parseDecimal(text, mark);
  if (!number || isNegative(number)) {
    const reason = number ? 'is below zero' : `is not a decimal number (decimal mark "${mark}")`;
    rejecting.push(problem(titleOf(column), reason, raw));
    return { state: 'unparsed', raw };
  }
  const { value } = number;
  return { state: 'submitted', value, unit, ...(raw !== value && { raw }) };
};

const efficiency = (raw: string, { flagged }: Findings): ElementInput => {
  const value = parseEfficiencies(raw);
  if (value) return { state: 'submitted', value, unit: 'percent', raw };
  const reason =
    'is not a list of "percent [inverter]": cut off or split by the exporter; kept raw';
  flagged.push(problem(titleOf('efficiency'), reason, raw));
  return { state: 'unparsed', raw };
};

/** A date cell: undefined without the column, null when blank, "not submitted" or (then rejected) unreadable. */
const date = (row: Row, column: BatteryColumn, findings: Findings): string | null | undefined => {
  const raw = row.cells[column];
  if (raw === undefined) return undefined;
  if (collapse(raw) === '' || isNotSubmitted(raw)) return null;
  const value = parseDate(raw);
  if (value === undefined) {
    const reason = 'is not a date that exists (such as 21.07.2021 or 2021-07-21)';
    findings.rejecting.push(problem(titleOf(column), reason, raw));
  }
  return value ?? null;
};

/** The list's certifications are all of one standard. */
const certifiedStandard = 'UL1973';

/** Asserted only where the list names who certified: a blank or "not submitted" is no certification. */
const certificationOf = (row: Row, findings: Findings): ListedCertification | null | undefined => {
  const raw = row.cells.certifyingEntity;
  if (raw === undefined) return undefined;
  const certificateDate = date(row, 'certificateDate', findings);
  if (collapse(raw) === '' || isNotSubmitted(raw)) return null;
  const agency = agencyName(raw);
  const rawEdition = row.cells.edition;
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
};

const editionText = (raw: string): string | null =>
  collapse(raw) === '' || isNotSubmitted(raw) ? null : (editionOf(raw) ?? collapse(raw));

const listingOf = (
  row: Row,
  [manufacturer, model]: readonly [Identity, Identity],
  findings: Findings,
): ListedQualification => {
  const listingDate = date(row, 'listingDate', findings);
  const lastUpdate = date(row, 'lastUpdate', findings);
  const notes = asWritten(row.cells.notes);
  return {
    agency: 'CEC',
    ...(listingDate !== undefined && { listingDate }),
    ...(lastUpdate !== undefined && { lastUpdate }),
    ...(notes !== undefined && { notes }),
    remarks: {
      ...remark('Brand', row.cells.brand),
      ...remark('CertifiedJA12ControlStrategies', row.cells.ja12Strategies),
      ...remark('DeclarationForJA12Submitted', row.cells.ja12Declaration),
      ...asInTheFile('ManufacturerAsWritten', manufacturer),
      ...asInTheFile('ModelAsWritten', model),
    },
  };
};

const asWritten = (raw: string | undefined): string | null | undefined =>
  raw === undefined ? undefined : trimLines(raw) === '' ? null : trimLines(raw);

const remark = (name: string, raw: string | undefined): Record<string, string | null> => {
  const text = asWritten(raw);
  return text === undefined ? {} : { [name]: text };
};

/** A name that was cleaned is kept as it was written, too. */
const asInTheFile = (name: string, { text, raw }: Identity): Record<string, string> =>
  text === raw ? {} : { [name]: raw };
