import type { StoredEvent } from '#event-log/event-log.js';
import { type Block, deviceOfSamples, type SamplesEvent } from '#telemetry/samples/events.js';

/** The samples of an event as they came, of the series that are wanted; undefined where there are none. */
export const shownSamples =
  (device: string, wanted: readonly string[] | undefined) =>
  ({ stream, type, data }: StoredEvent) => {
    if (deviceOfSamples(stream) !== device) return undefined;
    const event = { type, data } as SamplesEvent;
    const samples =
      event.type === 'SamplesRecorded'
        ? event.data.blocks.flatMap((block) => samplesOf(block))
        : [{ ...correctedOf(event.data), corrected: true }];
    const shown = samples.filter(({ series }) => wanted?.includes(series) ?? true);
    return shown.length > 0 ? { samples: shown } : undefined;
  };

const samplesOf = ({ t0, t, series }: Block) => {
  const start = Date.parse(t0);
  return Object.entries(series).flatMap(([name, { values, quality }]) =>
    values.flatMap((value, index) =>
      value === null
        ? []
        : {
            ...{ series: name, at: new Date(start + (t[index] ?? 0)).toISOString(), value },
            quality: quality?.[index] ?? 'good',
          },
    ),
  );
};

const correctedOf = ({
  series,
  at,
  value,
  quality,
}: Extract<SamplesEvent, { type: 'SampleCorrected' }>['data']) => ({ series, at, value, quality });
