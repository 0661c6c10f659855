import { batteryDecider } from '#battery-lab/battery/decider.js';
import { type BatteryState, evolveBattery } from '#battery-lab/battery/document.js';
import { type BatteryEvent, batteryStream } from '#battery-lab/battery/events.js';
import { cyclerDeviceDecider } from '#battery-lab/device/decider.js';
import {
  calibrationOn,
  type CyclerDeviceState,
  evolveCyclerDevice,
} from '#battery-lab/device/document.js';
import { type CyclerDeviceEvent, cyclerDeviceStream } from '#battery-lab/device/events.js';
import { experimentDecider } from '#battery-lab/experiment/decider.js';
import { type DocumentState, evolveDocument } from '#battery-lab/experiment/document.js';
import { type ExperimentEvent, experimentStream } from '#battery-lab/experiment/events.js';
import { unknownExperiment } from '#battery-lab/experiment/refusals.js';
import { profileDecider } from '#battery-lab/profile/decider.js';
import { evolveProfile, type ProfileState } from '#battery-lab/profile/document.js';
import { type ProfileEvent, profileStream } from '#battery-lab/profile/events.js';
import { stationDecider } from '#battery-lab/station/decider.js';
import { evolveStation, type StationState } from '#battery-lab/station/document.js';
import { type StationEvent, stationStream } from '#battery-lab/station/events.js';
import type { DomainEvent } from '#kernel/event.js';
import type { Folding, Folds } from '#resource/folds.js';

/** How a thing of the lab is folded: what is absent has no state. */
const folding = <S extends { readonly status: string }, E extends DomainEvent>(
  streamOf: (id: string) => string,
  types: Folding<S, E>['types'],
  evolve: (state: S, event: E) => S,
): Folding<S> => ({
  ...{ streamOf, types },
  evolve: (before, _, event) => evolve(before ?? ({ status: 'absent' } as S), event as E),
});

const experiments = folding<DocumentState, ExperimentEvent>(
  experimentStream,
  experimentDecider,
  evolveDocument,
);
const batteries = folding<BatteryState, BatteryEvent>(batteryStream, batteryDecider, evolveBattery);
const stations = folding<StationState, StationEvent>(stationStream, stationDecider, evolveStation);
const profiles = folding<ProfileState, ProfileEvent>(profileStream, profileDecider, evolveProfile);
const devices = folding<CyclerDeviceState, CyclerDeviceEvent>(
  cyclerDeviceStream,
  cyclerDeviceDecider,
  evolveCyclerDevice,
);

type Metadata = Readonly<Record<string, unknown>>;

/** What has to be known of an experiment beside its records. */
export interface ExperimentMetadata {
  readonly experiment: Metadata;
  readonly battery: Metadata;
  readonly profile: Metadata | null;
  readonly station: Metadata | null;
  readonly devices: readonly Metadata[];
  /** Files that it was imported from, with their hashes; null: it was run here. */
  readonly import: Metadata | null;
}

/**
 * The experiment as it is, with its battery, station and devices as they were when it began: serial numbers, firmware, and
 * the calibration that counted on that day. Throws a `Refusal` where there is no such experiment.
 */
export const metadataOf = async (folds: Folds, id: string): Promise<ExperimentMetadata> => {
  const versions = await folds.versions(experiments, id);
  const last = versions.at(-1);
  const { state } = last ?? {};
  if (!last || !state || state.status === 'absent') throw unknownExperiment();
  const begin = versions.find(({ type }) => type === 'ExperimentStarted') ?? last;
  const thingAt = async <S>(of: Folding<S>, thing: unknown): Promise<Metadata | null> => {
    if (typeof thing !== 'string') return null;
    const found = await folds.at(of, thing, begin.position);
    return found?.state ? { id: thing, ...found.state } : null;
  };
  const { batteryId, stationId, profileId, profileVersion, profileHash, ...rest } = state;
  const { import: imported, ...experiment } = rest;
  const profile = await thingAt(profiles, profileId);
  const of = experiment.devices as readonly { readonly deviceId: string }[] | null;
  const day = dayOf(state.startedAt ?? last.created.toISOString());
  return {
    experiment: { id, ...experiment },
    battery: (await thingAt(batteries, batteryId)) ?? { id: batteryId },
    profile: profile && {
      ...{ id: profileId, name: profile['name'], version: profileVersion, hash: profileHash },
    },
    station: await thingAt(stations, stationId),
    devices: await Promise.all(
      (of ?? []).map(async ({ deviceId }) => asOf(await thingAt(devices, deviceId), deviceId, day)),
    ),
    import: imported && { ...imported },
  };
};

/**
 * Grams of active material of the battery that an experiment is about, as it was registered. Undefined where nobody stated
 * them, and where there is no such experiment.
 */
export const activeMassOf = async (folds: Folds, id: string): Promise<number | undefined> => {
  const experiment = (await folds.versions(experiments, id)).at(-1)?.state;
  if (!experiment || experiment.status === 'absent') return undefined;
  const battery = (await folds.versions(batteries, experiment.batteryId)).at(-1)?.state;
  return !battery || battery.status === 'absent' ? undefined : battery.activeMassG;
};

const dayOf = (at: string): string => at.slice(0, 10);

/** A device with the one calibration that counted on a day, instead of all. */
const asOf = (device: Metadata | null, id: string, day: string): Metadata => {
  if (device === null) return { id };
  const {
    calibrations,
    attached: _,
    ...rest
  } = device as unknown as Exclude<CyclerDeviceState, { status: 'absent' }>;
  return { ...rest, calibration: calibrationOn({ calibrations }, day) ?? null };
};
