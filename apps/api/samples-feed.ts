import type { Position, StoredEvent } from '#event-log/event-log.js';
import type { CameSample, SampleOutcome } from '#projections/samples/outcomes.js';
import { type Block, deviceOfSamples, type SamplesEvent } from '#telemetry/samples/events.js';

import { notYet } from './event-feed.js';

/** What became of samples that came at a position of the log; undefined while that is not visible. */
export type OutcomesAt = (
  position: Position,
  samples: readonly CameSample[],
) => Promise<readonly SampleOutcome[] | undefined>;

/** The samples of an event, of the series that are wanted, with what became of each; undefined where there are none. */
export const shownSamples =
  (device: string, wanted: readonly string[] | undefined, outcomesAt: OutcomesAt) =>
  async ({ stream, type, data, position }: StoredEvent) => {
    if (deviceOfSamples(stream) !== device) return undefined;
    const event = { type, data } as SamplesEvent;
    const isCorrected = event.type === 'SampleCorrected';
    const came = isCorrected
      ? [{ ...event.data, at: Date.parse(event.data.at) }]
      : event.data.blocks.flatMap((block) => samplesOf(block));
    const samples = came.filter(({ series }) => wanted?.includes(series) ?? true);
    if (samples.length === 0) return undefined;
    const outcomes = await outcomesAt(position, samples);
    if (!outcomes) return notYet;
    return {
      samples: samples.map(({ series, at, value, quality }, index) => ({
        ...{ series, at: new Date(at).toISOString(), value, quality },
        outcome: outcomeOf(outcomes[index] ?? 'conflict', isCorrected),
        ...(isCorrected && { corrected: true }),
      })),
    };
  };

/** A correction counts, also where it says that there is no sample. */
const outcomeOf = (outcome: SampleOutcome, isCorrected: boolean): SampleOutcome =>
  isCorrected && outcome !== 'expired' ? 'accepted' : outcome;

const samplesOf = ({ t0, t, series }: Block): readonly CameSample[] => {
  const start = Date.parse(t0);
  return Object.entries(series).flatMap(([name, { values, quality }]) =>
    values.flatMap((value, index) =>
      value === null
        ? []
        : {
            ...{ series: name, at: start + (t[index] ?? 0), value },
            quality: quality?.[index] ?? 'good',
          },
    ),
  );
};
