import { type CsvFile, readRows } from '#csv/csv-file.js';

import { manufacturerNameKeyOf, modelKeyOf } from '../../codes.js';
import type { BatteryColumn } from '../layouts/cec-batteries.js';
import { normaliseBattery } from '../normalise/battery.js';
import type { BatteryColumns } from '../normalise/columns.js';
import { FirstMentions } from './first-mentions.js';

/** Which products a file names, also in rows that are still to come: one pass over it, made when somebody asks. */
export class NamesInFile {
  private read: Promise<FirstMentions> | undefined;

  constructor(
    private readonly file: CsvFile<BatteryColumn>,
    private readonly columns: BatteryColumns,
    private readonly signal: AbortSignal,
  ) {}

  async has(manufacturer: string, model: string): Promise<boolean> {
    this.read ??= this.mentions();
    const mentions = await this.read.catch((error: unknown) => {
      this.read = undefined;
      throw error;
    });
    return mentions.find(nameKeyOf(manufacturer, model)) !== undefined;
  }

  private async mentions(): Promise<FirstMentions> {
    const mentions = new FirstMentions(this.file.rows);
    for await (const row of readRows(this.file, this.signal)) {
      if (row.row > this.file.rows) break;
      const normalised = normaliseBattery(row, this.columns);
      if ('rejected' in normalised || normalised.damage) continue;
      const { manufacturer, model } = normalised.facts;
      mentions.note(nameKeyOf(manufacturer, model), row.row, '');
    }
    return mentions;
  }
}

const nameKeyOf = (manufacturer: string, model: string): string =>
  `${manufacturerNameKeyOf(manufacturer)}\n${modelKeyOf(model)}`;
