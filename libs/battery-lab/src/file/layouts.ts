import type { Field } from './fields.js';

/** A column that a layout knows, by names in the form of `titleOf`: with its unit, or without it. */
export interface FileColumn {
  readonly names: readonly string[];
  readonly required?: true;
  /** The unit where the title says none; the field's own one unless set. */
  readonly unit?: string;
}

/** A kind of cycler's file: it is one where every column is found that must be. */
export interface FileLayout {
  readonly name: string;
  /** As messages call such a file. */
  readonly title: string;
  readonly columns: Readonly<Partial<Record<Field, FileColumn>>>;
  /** How dates such as 5/11/2021 are meant where the file does not tell. */
  readonly dateOrder?: 'dmy' | 'mdy';
  /** A number without a unit in the test time: told by the clock, and minutes where there is none. */
  readonly timeUnitUnsaid?: true;
  /** What it must have says its unit: without one it is another file. */
  readonly unitsSaid?: true;
  /** Discharge is positive. */
  readonly positiveDischarges?: boolean;
}

const must = (...names: string[]): FileColumn => ({ names, required: true });
const may = (...names: string[]): FileColumn => ({ names });

export const layouts: readonly FileLayout[] = [
  {
    name: 'arbin',
    title: 'Arbin CSV',
    columns: {
      record: must('data point'),
      testTime: must('test time'),
      clock: may('date time', 'datetime'),
      stepTime: may('step time'),
      stepId: must('step index'),
      cycle: must('cycle index'),
      current: must('current'),
      voltage: must('voltage'),
      charge: may('charge capacity'),
      discharge: may('discharge capacity'),
      temperature: may('temperature', 'aux temperature 1', 'aux temperature', 'temperature 1'),
    },
  },
  {
    name: 'maccor',
    title: 'Maccor text',
    dateOrder: 'mdy',
    timeUnitUnsaid: true,
    columns: {
      record: must('rec#', 'rec'),
      cycle: may('cyc#', 'cycle c', 'cycle'),
      stepId: must('step'),
      testTime: must('testtime', 'test time', 'test'),
      stepTime: may('steptime', 'step time', 'step (sec)', 'step (min)', 'step (hr)'),
      capacity: may('amp-hr', 'cap.', 'capacity'),
      current: must('amps', 'current'),
      voltage: must('volts', 'voltage'),
      state: must('state', 'md'),
      clock: may('dpt time'),
      temperature: may('temp 1', 'temp'),
    },
  },
  {
    name: 'neware',
    title: 'Neware flat CSV',
    columns: {
      record: may('record', 'datapoint', 'record id'),
      cycle: may('cycle index', 'cycle', 'cycle id'),
      stepId: must('step index', 'step', 'step id'),
      state: must('step type', 'status'),
      stepTime: must('time', 'relative time'),
      testTime: may('cumulative time', 'total time'),
      clock: may('date', 'realtime', 'absolute time'),
      current: must('current'),
      voltage: must('voltage'),
      charge: may('chg. cap.', 'capacitance chg'),
      discharge: may('dchg. cap.', 'capacitance dchg'),
      temperature: may('temperature', 't1'),
    },
  },
  {
    name: 'biologic',
    title: 'BioLogic text',
    dateOrder: 'mdy',
    columns: {
      testTime: must('time'),
      voltage: must('ecell', 'ewe', '<ewe>', '<ecell>'),
      current: must('i', '<i>'),
      stepId: must('ns'),
      cycle: may('cycle number'),
      charge: may('q charge'),
      discharge: may('q discharge'),
      temperature: may('temperature'),
    },
  },
  {
    name: 'landt',
    title: 'Landt raw export',
    dateOrder: 'mdy',
    columns: {
      record: must('channel index'),
      cycle: must('cycle index'),
      stepId: must('step index'),
      clock: may('date time iso string'),
      testTime: must('test time'),
      stepTime: may('step time'),
      current: must('current'),
      voltage: must('voltage'),
      discharge: may('discharge capacity'),
      charge: may('charge capacity'),
      temperature: may('temperature 1'),
      state: must('step name'),
    },
  },
  {
    name: 'basytec',
    title: 'Basytec text',
    dateOrder: 'dmy',
    columns: {
      testTime: must('time'),
      stepId: must('line'),
      current: must('i'),
      voltage: must('u'),
      cycle: may('cyc-count'),
      stepTime: may('t-step'),
      charge: may('ah-cha', 'ah-cyc-charge'),
      discharge: may('ah-dch', 'ah-cyc-discharge'),
      temperature: may('t1', 't'),
    },
  },
  {
    name: 'lab-datenum',
    title: 'lab CSV with Datenum',
    columns: {
      cycle: must('cycle index'),
      stepId: must('step'),
      testTime: must('time'),
      current: must('current'),
      voltage: must('voltage'),
      temperature: may('cell temperature'),
      clock: { names: ['datenum'], required: true, unit: 'matlab-days' },
      charge: may('charge capacity'),
      discharge: may('discharge capacity'),
    },
  },
  {
    name: 'bdf',
    title: 'Battery Data Format CSV',
    unitsSaid: true,
    columns: {
      testTime: must('test time'),
      voltage: must('voltage'),
      current: must('current'),
      unixTime: may('unix time'),
      cycle: may('cycle count'),
      stepCount: may('step count'),
      stepId: may('step id', 'step index'),
      stepTime: may('step time'),
      charge: may('charging capacity'),
      discharge: may('discharging capacity'),
      temperature: may('temperature t1', 'ambient temperature'),
    },
  },
];
