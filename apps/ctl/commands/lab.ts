import type { Command } from 'commander';

import { addLabBatteries } from './lab-batteries.js';
import { addLabBoard } from './lab-board.js';
import { addLabExperiments } from './lab-experiments.js';
import { addLabImport } from './lab-import.js';
import { addLabProfiles } from './lab-profiles.js';
import { addLabThings } from './lab-things.js';

/** `voltrace lab ...` */
export function addLabCommands(voltrace: Command): void {
  const lab = voltrace.command('lab').description('the battery lab');
  addLabBatteries(lab);
  addLabThings(lab);
  addLabProfiles(lab);
  addLabExperiments(lab);
  addLabBoard(lab);
  addLabImport(lab);
}
