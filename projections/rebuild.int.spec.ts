import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { apiKeyEvents, apiKeyStream } from '#access/api-key/events.js';
import { alarmEvents, alarmStream } from '#battery-lab/alarm/events.js';
import { batteryEvents, batteryStream } from '#battery-lab/battery/events.js';
import { cyclerDeviceEvents, cyclerDeviceStream } from '#battery-lab/device/events.js';
import { experimentEvents, experimentStream } from '#battery-lab/experiment/events.js';
import { profileEvents, profileStream } from '#battery-lab/profile/events.js';
import { stationEvents, stationStream } from '#battery-lab/station/events.js';
import { unitEvents, unitStream } from '#battery-lab/unit/events.js';
import type { NewEvent } from '#event-log/event-log.js';
import type { EventDeclaration } from '#kernel/event-types.js';
import { importEvents, importStream } from '#product-registry/import/events.js';
import { schemaOf } from '#read-store/schema-names.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';
import { credentialEvents, credentialStream } from '#telemetry/credential/events.js';
import { deviceEvents, deviceStream } from '#telemetry/device/events.js';
import { formulaCategory, formulaEvents } from '#telemetry/formula/events.js';
import { linkEvents, linkStream } from '#telemetry/link/events.js';
import { occurrenceCategory, occurrenceEvents } from '#telemetry/occurrence/events.js';
import { quarantineCategory, quarantineEvents } from '#telemetry/quarantine/events.js';
import { samplesEvents, samplesStream } from '#telemetry/samples/events.js';
import { seriesEvents, seriesStream } from '#telemetry/series/events.js';
import { siteEvents, siteStream } from '#telemetry/site/events.js';

import { projections } from './all.js';
import { eventClock } from './event-clock/event-clock.projection.js';
import { appendAll, decimal, idOf, Story, text } from './product-catalog/story.fixture.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
  await fixture.runBuilt(...projections);
  // Applied as it comes, in many small batches; a rebuild reads it in one.
  await appendAll(fixture.log, catalogueStory().events);
  for (const order of importStories) await appendImport(order);
  for (const order of keyStories) await appendKey(order);
  await appendSites();
  const measured = samplesStream('d1', '2026-05-04');
  await appendStory(measured, ['SamplesRecorded', 'SampleCorrected'], samplesEvents);
  await appendStory(linkStream('d1'), Object.keys(linkEvents), linkEvents);
  await appendStory(`${occurrenceCategory}-d1.20260504`, ['OccurrenceRecorded'], occurrenceEvents);
  await appendStory(`${quarantineCategory}-q1`, Object.keys(quarantineEvents), quarantineEvents);
  for (const id of ['f1', 'f2', 'f3', 'f4']) {
    await appendStory(`${formulaCategory}-${id}`, Object.keys(formulaEvents), formulaEvents);
  }
  for (const [stream, events] of [
    ...[[batteryStream('b1'), batteryEvents] as const, [unitStream('u1'), unitEvents] as const],
    ...[[cyclerDeviceStream('c1'), cyclerDeviceEvents] as const],
    ...[
      [stationStream('s1'), stationEvents] as const,
      [profileStream('p1'), profileEvents] as const,
    ],
  ]) {
    await appendStory(stream, Object.keys(events), events);
  }
  for (const id of ['e1', 'e2', 'e3']) {
    await appendStory(experimentStream(id), Object.keys(experimentEvents), experimentEvents);
    await appendStory(alarmStream(id), Object.keys(alarmEvents), alarmEvents);
  }
  const last = await fixture.log.head();
  if (!last) throw new Error('nothing was appended');
  for (const projection of projections) {
    await waitForPosition(fixture.store, projection, last, { timeoutMs: 20_000 });
  }
});
afterAll(async () => {
  await fixture.stop();
});

const catalogueStory = (): Story => {
  const story = new Story().maker('Alpha', 'ALP').maker('Beta', 'BET').maker('Gamma');
  for (let at = 0; at < 20; at += 1) {
    const name = `B${String(at)}`;
    const elements = { EnergyCapacityNominal: decimal(String(at + 1), 'kWh') };
    story.battery(name, at % 2 ? 'Alpha' : 'Beta', `X-${name}`, elements);
    story.set(name, { Description: text(`number ${String(at)}`) });
  }
  return story
    .product('B1', { type: 'ElementsWithdrawn', data: { names: ['Description'] } })
    .product('B2', { type: 'ProdCodeAssigned', data: { code: 'Y-B2', previous: 'X-B2' } })
    .manufacturer('Beta', { type: 'ManufacturerMerged', data: { into: idOf('Alpha') } })
    .manufacturer('Alpha', { type: 'ManufacturerAliasAdded', data: { alias: 'Alfa' } });
};

type ImportType = keyof typeof importEvents;

const run: readonly ImportType[] = ['ImportRunStarted', 'ImportFileRead', 'ImportRowsProcessed'];
const importStories: readonly (readonly ImportType[])[] = [
  ['ImportReceived', ...run, 'ImportCompleted', 'ImportRetryRequested', ...run, 'ImportCompleted'],
  ['ImportReceived', ...run, 'ImportCompleted', 'ImportReceivedAgain', ...run, 'ImportCompleted'],
  ['ImportReceived', 'ImportRunStarted', 'ImportFailed'],
  ['ImportReceived', ...run],
];

const keyStories: readonly (readonly NewEvent['type'][])[] = [
  ['ApiKeyIssued'],
  ['ApiKeyIssued', 'ApiKeyRevoked'],
  ['ApiKeyIssued'],
  ['ApiKeyIssued', 'ApiKeyRevoked'],
];

/** Two sites, with a device and what is known of it. */
const appendSites = async (): Promise<void> => {
  for (const types of [
    ['SiteRegistered', 'SiteTimeZoneSet'],
    ['SiteRegistered', 'SiteRetired'],
  ]) {
    await appendStory(siteStream(randomUUID()), types, siteEvents);
  }
  const device = randomUUID();
  const worked = ['DeviceRegistered', 'DeviceAttached', 'DeviceDetached'];
  await appendStory(deviceStream(device), worked, deviceEvents);
  const credentials = ['DeviceCredentialIssued', 'DeviceCredentialRevoked'];
  await appendStory(credentialStream(device), credentials, credentialEvents);
  await appendStory(seriesStream(device), ['SeriesLearnt', 'SeriesDeclared'], seriesEvents);
};

const appendImport = (types: readonly ImportType[]): Promise<void> =>
  appendStory(importStream(randomUUID()), types, importEvents);

const appendKey = (types: readonly NewEvent['type'][]): Promise<void> =>
  appendStory(apiKeyStream(randomUUID()), types, apiKeyEvents);

const appendStory = async (
  stream: string,
  types: readonly string[],
  declared: Readonly<Record<string, EventDeclaration>>,
): Promise<void> => {
  const [like] = new Story().maker('any').events;
  if (!like) throw new Error('the story is empty');
  for (const [at, type] of types.entries()) {
    const { metadata } = like;
    const data = declared[type]!.example;
    const event: NewEvent = { id: randomUUID(), type, data, metadata };
    await fixture.log.append(stream, [event], at === 0 ? 'no_stream' : BigInt(at - 1));
  }
};

/**
 * Every row of every table of a schema, as text, in a fixed order. Not the moves: they are those of
 * the batches that happened to be.
 */
const dump = async (schema: string): Promise<readonly string[]> => {
  const tables = await fixture.rows<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = $1 and table_name not like 'moved\\_%'`,
    [schema],
  );
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await fixture.rows<{ line: string }>(
        `select t::text as line from ${schema}.${name} t`,
      );
      return rows.map(({ line }) => `${name} ${line}`);
    }),
  );
  return dumps.flat().sort();
};

describe.each(projections)('the read model $name', (projection) => {
  it('is the same row for row when it is rebuilt from the log', async () => {
    const live = await dump(schemaOf(projection));
    expect(live.length).toBeGreaterThan(3);
    await fixture.rebuild(projection.name, projection.version);
    const rebuilt = await dump(schemaOf(projection));
    // The request is an event of the log itself, which only the clock has a row for.
    const isClock = projection.name === eventClock.name;
    const known = isClock ? rebuilt.filter((line) => live.includes(line)) : rebuilt;
    expect(known).toEqual(live);
    expect(await fixture.value('select count(*)::int from subscription.parked')).toBe(0);
  });
});
