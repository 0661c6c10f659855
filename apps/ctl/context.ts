import type { Command } from 'commander';

import { ApiClient } from './client.js';
import { type GlobalOptions, settingsFrom } from './settings.js';

/** What a command works with. */
export interface Context {
  readonly api: ApiClient;
  /** Print the API's own answer instead of a table. */
  readonly json: boolean;
}

/** From the options of a command and of those above it. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  return { api: new ApiClient(settingsFrom(options)), json: options.json === true };
}

/** A path segment of the API: ids and codes may hold anything. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}
