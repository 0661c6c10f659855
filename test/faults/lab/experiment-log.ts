import type { LoggedEvent } from '../checks.js';

/** The events of one experiment, in their order, with their data as it is read here. */
export interface ExperimentLog {
  readonly id: string;
  readonly events: readonly LoggedEvent[];
}

export const terminal: readonly string[] = [
  'ExperimentCancelled',
  'ExperimentCompleted',
  'ExperimentAborted',
  'ExperimentFailed',
];

const prefix = 'experiment-';

export const isOfExperiment = ({ stream }: LoggedEvent): boolean => stream.startsWith(prefix);
export const experimentOf = ({ stream }: LoggedEvent): string => stream.slice(prefix.length);

export const experimentLogs = (log: readonly LoggedEvent[]): readonly ExperimentLog[] => {
  const found = new Map<string, LoggedEvent[]>();
  for (const event of log.filter(isOfExperiment)) {
    const id = experimentOf(event);
    found.set(id, [...(found.get(id) ?? []), event]);
  }
  return [...found].map(([id, events]) => ({ id, events }));
};

export const textOf = ({ data }: LoggedEvent, name: string): string => String(data[name]);
export const numberOf = ({ data }: LoggedEvent, name: string): number => Number(data[name]);
