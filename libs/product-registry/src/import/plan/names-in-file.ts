import { type CsvFile, readRows } from '#csv/csv-file.js';

import { listedNameKeyOf } from '../../codes.js';
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
    return mentions.find(listedNameKeyOf({ manufacturer, model })) !== undefined;
  }

  private async mentions(): Promise<FirstMentions> {
    const mentions = new FirstMentions(this.file.rows);
    for await (const row of readRows(this.file, this.signal)) {
      if (row.row > this.file.rows) break;
      const normalised = normaliseBattery(row, this.columns);
      if ('rejected' in normalised || normalised.damage) continue;
      mentions.note(listedNameKeyOf(normalised.facts), row.row, '');
    }
    return mentions;
  }
}
