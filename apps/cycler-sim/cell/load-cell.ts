import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { analyticCell, type CellModel } from './model.js';
import { cellOfTables } from './tables.js';

const files = ['ocv', 'r0', 'r1', 'c1'].map((name) => `ecm_example_${name}.csv`);

/**
 * A cell of `capacityAh` by the tables in a folder (`ecm_example_ocv.csv` and so on), or the analytic one where no
 * folder is given or the tables are not there.
 */
export const loadCell = (capacityAh: number, folder: string | undefined): CellModel => {
  if (folder === undefined || !files.every((file) => existsSync(join(folder, file)))) {
    return analyticCell(capacityAh);
  }
  const [ocv = '', r0 = '', r1 = '', c1 = ''] = files.map((file) =>
    readFileSync(join(folder, file), 'utf8'),
  );
  return cellOfTables({ ocv, r0, r1, c1 }, capacityAh);
};
