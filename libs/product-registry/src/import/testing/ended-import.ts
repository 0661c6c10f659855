import { randomUUID } from 'node:crypto';

import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';

import { newMeta } from '../../testing/make.js';
import {
  EndImportRun,
  type ImportCommand,
  NoteImportFile,
  ReceiveImport,
  RecordAbsences,
  RecordImportRows,
  StartImportRun,
} from '../commands.js';
import { importDecider } from '../decider.js';
import { type Absence, importEvents, type RowOutcome } from '../events.js';

/** An import whose run has ended with these rows, all of them, and found these products gone. For tests. */
export const endedImport = async (
  log: EventLog,
  rows: readonly RowOutcome[],
  absences: readonly Absence[] = [],
  asOf?: string,
): Promise<string> => {
  const states = new States(log, importDecider);
  const id = randomUUID();
  const send = (command: ImportCommand) => handleCommand(log, states, id, command);
  const own = { run: 1, runner: 'test' };
  const { ImportReceived: received, ImportFileRead: read } = importEvents;
  const dated = { ...received.example, ...(asOf !== undefined && { asOf }) };
  await send(new ReceiveImport(dated, newMeta()));
  await send(new StartImportRun({ runner: own.runner }, newMeta()));
  await send(new NoteImportFile({ ...read.example, ...own, rows: rows.length }, newMeta()));
  await send(new RecordImportRows({ ...own, rows }, newMeta()));
  const found = { ...own, previous: randomUUID(), products: absences };
  if (absences.length > 0) await send(new RecordAbsences(found, newMeta()));
  await send(new EndImportRun({ ...own, rowsRead: rows.length }, newMeta()));
  return id;
};
