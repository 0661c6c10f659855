import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { isRunning } from '#embedded/processes.js';

import type { RunNote } from '../standalone/run-note.js';
import { usage } from './exit-codes.js';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
}

export interface Settings {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string;
}

const defaultUrl = 'http://127.0.0.1:8080';

/** Which server, and as whom: from the options, the environment, or the data folder of an `npm start`. */
export function settingsFrom(options: GlobalOptions): Settings {
  const dataDir = dataFolder();
  const url = checkedUrl(
    options.url ?? process.env['VOLTRACE_URL'] ?? runningUrl(dataDir) ?? defaultUrl,
  );
  return { url, key: keyFrom(options, url, dataDir) };
}

/** Where what `npm start` keeps is, for whoever works beside it. */
export const dataFolder = (): string => resolve(process.env['VOLTRACE_DATA_DIR'] ?? '.voltrace');

/** The broker for devices of the server that runs in the data folder. */
export function mqttUrl(): string {
  const port = runningNote(dataFolder())?.parts['mqtt-broker']?.port;
  if (port !== undefined) return `mqtt://127.0.0.1:${port}`;
  throw usage(
    `No broker runs in ${dataFolder()}: start one by npm start, or name it by --broker mqtt://host:port.`,
  );
}

function checkedUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
    return text.replace(/\/+$/, '');
  throw usage(
    `The server's URL is "${text}"; expected one such as ${defaultUrl} (--url or VOLTRACE_URL).`,
  );
}

/** Of an `npm start` that runs now; one that was killed leaves its note, and its port to anybody. */
function runningUrl(dataDir: string): string | undefined {
  return runningNote(dataDir)?.url;
}

/** What an `npm start` that runs now noted in its data folder. */
export function runningNote(dataDir: string): RunNote | undefined {
  try {
    const note = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunNote;
    return isRunning(note) ? note : undefined;
  } catch {
    return undefined;
  }
}

function keyFrom(options: GlobalOptions, url: string, dataDir: string): string {
  const given = options.keyFile === undefined ? undefined : readKey(options.keyFile);
  const key = given ?? process.env['VOLTRACE_API_KEY'] ?? localAdminKey(url, dataDir);
  if (key === undefined || key.trim() === '') {
    throw usage(
      'There is no API key: set VOLTRACE_API_KEY, give --key-file, or run this where the server that runs keeps .voltrace/admin.key.',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(key.trim()))
    throw usage('The API key holds characters that no key has.');
  return key.trim();
}

/**
 * The administrator's key is sent to the server of its data folder alone, while that runs: on any other
 * port, also of this machine, another user may listen.
 */
function localAdminKey(url: string, dataDir: string): string | undefined {
  const running = runningUrl(dataDir);
  if (running === undefined || !isSameServer(new URL(url), new URL(running))) return undefined;
  try {
    return readFileSync(join(dataDir, 'admin.key'), 'utf8');
  } catch {
    return undefined;
  }
}

function isSameServer(one: URL, other: URL): boolean {
  return one.host === other.host || (one.port === other.port && [one, other].every(isLocal));
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usage(`The key file cannot be read: ${(error as Error).message}`);
  }
}
