import type { CommandOf } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import { Refusal } from '#kernel/refusal.js';

import { configurationCategory, type ConfigurationEvent, configurationEvents } from './events.js';
import { plainSecretsIn } from './plain-secrets.js';

type DataOf<T extends ConfigurationEvent['type']> = Extract<
  ConfigurationEvent,
  { type: T }
>['data'];
type Hashed = Pick<DataOf<'ConfigurationDesired'>, 'configuration' | 'hash'>;

/** The hash is `configurationHash` of the configuration. */
export type ConfigurationCommand = CommandOf<{
  DesireConfiguration: Hashed;
  ReportConfiguration: DataOf<'ConfigurationReported'>;
  RefuseConfiguration: DataOf<'ConfigurationRefused'>;
}>;

export interface ConfigurationState {
  /** 0 before the first one. */
  readonly desiredVersion: number;
  readonly desiredHash: string | null;
  readonly reported: Pick<DataOf<'ConfigurationReported'>, 'version' | 'hash'> | null;
  readonly refused: DataOf<'ConfigurationRefused'> | null;
}

/** Whether the device runs with something else than it should. Nothing is desired: no. */
export const isInDrift = ({ desiredHash, reported }: ConfigurationState): boolean =>
  desiredHash !== null && desiredHash !== reported?.hash;

const desire = (data: Hashed, state: ConfigurationState): readonly ConfigurationEvent[] => {
  refusePlainSecrets(data);
  if (data.hash === state.desiredHash) return [];
  const version = state.desiredVersion + 1;
  return [{ type: 'ConfigurationDesired', data: { version, ...data } }];
};

const report = (
  data: DataOf<'ConfigurationReported'>,
  { reported }: ConfigurationState,
): readonly ConfigurationEvent[] => {
  refusePlainSecrets(data);
  if (reported?.hash === data.hash && reported.version === data.version) return [];
  return [{ type: 'ConfigurationReported', data }];
};

/** A word on a version that was replaced meanwhile says nothing any more. */
const refuse = (
  data: DataOf<'ConfigurationRefused'>,
  { desiredVersion, refused }: ConfigurationState,
): readonly ConfigurationEvent[] => {
  if (data.version > desiredVersion) throw unknownVersion(desiredVersion);
  const isOld = data.version < desiredVersion;
  const isKnown = refused?.version === data.version && refused.reason === data.reason;
  return isOld || isKnown ? [] : [{ type: 'ConfigurationRefused', data }];
};

const refusePlainSecrets = ({ configuration }: Pick<Hashed, 'configuration'>): void => {
  const pointers = plainSecretsIn(configuration);
  if (pointers.length === 0) return;
  throw new Refusal(
    'CONFIGURATION_HOLDS_SECRET',
    'unprocessable',
    'a secret in a configuration is a reference, never a value',
    {
      errors: pointers.slice(0, 20).map((pointer) => ({
        ...{ pointer: `/configuration${pointer}`, reason: 'expected {"$secret": "<name>"}' },
      })),
    },
  );
};

/** The device was sent no such version; `newest` is the last one that is known. */
export const unknownVersion = (newest?: number) =>
  new Refusal(
    'CONFIGURATION_VERSION_UNKNOWN',
    'unprocessable',
    `the device was given no configuration of this version`,
    {
      errors: [
        {
          pointer: '/version',
          reason:
            newest === undefined
              ? 'expected a version that was desired, or the configuration beside it'
              : `expected at most ${String(newest)}`,
        },
      ],
    },
  );

export const configurationDecider: Decider<
  ConfigurationState,
  ConfigurationCommand,
  ConfigurationEvent
> = {
  category: configurationCategory,
  events: configurationEvents,
  initialState: { desiredVersion: 0, desiredHash: null, reported: null, refused: null },
  decide(command, state) {
    switch (command.type) {
      case 'DesireConfiguration':
        return desire(command.data, state);
      case 'ReportConfiguration':
        return report(command.data, state);
      case 'RefuseConfiguration':
        return refuse(command.data, state);
    }
  },
  evolve(state, { type, data }) {
    switch (type) {
      case 'ConfigurationDesired':
        return { ...state, desiredVersion: data.version, desiredHash: data.hash };
      case 'ConfigurationReported':
        return { ...state, reported: { version: data.version, hash: data.hash } };
      case 'ConfigurationRefused':
        return { ...state, refused: data };
    }
  },
};
