import { delimiter } from 'node:path';

import { logLevels } from '#observability/logging.js';

import {
  check,
  eventStoreUrl,
  filePath,
  hostName,
  integer,
  oneOf,
  portNumber,
  postgresUrl,
} from './config.js';

// Variables that several processes read, declared once.

export const logEnvironment = {
  LOG_LEVEL: oneOf(...logLevels)({
    default: 'info',
    desc: 'Least severe log line that is written.',
  }),
};

export const storesEnvironment = {
  EVENTSTORE_URL: eventStoreUrl({ desc: 'Connection string of the event store.' }),
  DATABASE_URL: postgresUrl({ desc: 'Postgres database of the read models.' }),
};

export interface SupervisionSettings {
  readonly HEALTH_HOST: string;
  /** Absent: no health server. */
  readonly HEALTH_PORT: number | undefined;
  /** Absent: nobody is shown metrics or details. */
  readonly SUPERVISION_KEY_FILE: string | undefined;
}

/** Of every process that serves its supervision by itself. */
export const supervisionEnvironment = {
  HEALTH_HOST: hostName({
    default: '127.0.0.1',
    desc: 'Address that health and metrics are served on.',
  }),
  HEALTH_PORT: portNumber({
    default: undefined,
    desc: 'Port of health and metrics; not served when absent.',
  }),
  SUPERVISION_KEY_FILE: filePath({
    default: undefined,
    desc: 'File of the key that metrics and the details of health ask for (`Authorization: Bearer <key>`), made with mode 600 where there is none. Nobody is shown them when absent.',
  }),
};

const MEBIBYTE = 1024 * 1024;

/** Of every process that refuses what grows while a disk is full. */
export const diskEnvironment = {
  VOLTRACE_DISK_RESERVE_BYTES: integer(
    32 * MEBIBYTE,
    Number.MAX_SAFE_INTEGER,
  )({
    default: 256 * MEBIBYTE,
    desc: 'Free bytes that every watched disk keeps: below, appends and uploads are refused as "disk full". Postgres needs them to recover.',
  }),
  VOLTRACE_DISK_FOLDERS: check(
    'folders',
    (input) => !input.includes('\0'),
  )({
    default: undefined,
    desc: `Folders whose disks are watched, such as Postgres' data folder, separated by "${delimiter}".`,
  }),
};
