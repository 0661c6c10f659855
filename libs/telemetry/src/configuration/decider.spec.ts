import { describe, expect, it } from 'vitest';

import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta, givenFor } from '#testing/decider-spec.js';

import { configurationHash } from './configuration-hash.js';
import { configurationDecider, isInDrift } from './decider.js';
import { type ConfigurationEvent, configurationEvents } from './events.js';

const given = givenFor(configurationDecider);
const meta = commandMeta();
const {
  ConfigurationDesired: desired,
  ConfigurationReported: reported,
  ConfigurationRefused: refused,
} = exampleEvents(configurationEvents);
const { configuration, hash } = desired.data;
const desire = (settings: object = configuration, ofIt = hash) =>
  ({
    type: 'DesireConfiguration',
    data: { configuration: settings as typeof configuration, hash: ofIt },
    meta,
  }) as const;
const drifts = (...events: ConfigurationEvent[]) => isInDrift(given(...events).state);

describe('the configuration of a device', () => {
  it('has a version for each change', () => {
    given()
      .when(desire())
      .then({ ...desired, data: { ...desired.data, version: 1 } });
    given(desired).when(desire()).thenNothing();
    given(desired)
      .when(desire({ pollSeconds: 5 }, 'other'))
      .then({ ...desired, data: { version: 3, configuration: { pollSeconds: 5 }, hash: 'other' } });
  });

  it('drifts while the device runs with another one', () => {
    const report = { type: 'ReportConfiguration', data: reported.data, meta } as const;
    given(desired).when(report).then(reported);
    given(desired, reported).when(report).thenNothing();
    const other = { ...reported, data: { ...reported.data, hash: 'other' } };
    expect([
      ...[drifts(), drifts(reported), drifts(desired)],
      ...[drifts(desired, other), drifts(desired, other, reported)],
    ]).toEqual([false, false, true, true, false]);
  });

  it('is refused by the device in the version that it was given last', () => {
    const refuse = (version: number) =>
      ({ type: 'RefuseConfiguration', data: { ...refused.data, version }, meta }) as const;
    given(desired).when(refuse(2)).then(refused);
    given(desired, refused).when(refuse(2)).thenNothing();
    given(desired).when(refuse(1)).thenNothing();
    given(desired).when(refuse(3)).thenRefused('CONFIGURATION_VERSION_UNKNOWN');
  });

  it.each<[object, string[]]>([
    [{ password: 'x' }, ['/password']],
    [{ a: [{ 'API-key': 'x' }, { mqtt_tokens: ['x'] }] }, ['/a/0/API-key', '/a/1/mqtt_tokens']],
    [{ 'a/b~c': { privateKey: { $secret: '' } } }, ['/a~1b~0c/privateKey']],
    [{ secret: { $secret: 'name', more: 1 } }, ['/secret']],
    [
      { url: 'mqtts://me:let me in@host', to: ['HTTP://:x@host/path', 'https://host:80/a@b'] },
      ['/to/0'],
    ],
    [{ url: 'mqtts://me:pass@host:8883/?a=b', user: 'ftp://me@host', at: 'a: b@c' }, ['/url']],
    [{ tokenSeconds: 60, token: null, user: { $secret: 'user' }, passwords: {} }, ['/passwords']],
  ])('names the plain secrets of %j', (settings, pointers) => {
    const refusal = given().when(desire(settings)).thenRefused('CONFIGURATION_HOLDS_SECRET');
    expect(refusal.details.errors?.map(({ pointer }) => pointer)).toEqual(
      pointers.map((pointer) => `/configuration${pointer}`),
    );
    const said = { version: null, configuration: settings as typeof configuration, hash };
    given()
      .when({ type: 'ReportConfiguration', data: said, meta })
      .thenRefused('CONFIGURATION_HOLDS_SECRET');
  });
});

describe('the hash of a configuration', () => {
  it('does not depend on the order of members', () => {
    expect(configurationHash({ a: 1, b: [2] })).toBe(configurationHash({ b: [2], a: 1 }));
    expect(configurationHash({ a: 1 })).not.toBe(configurationHash({ a: 2 }));
  });

  it('is refused to what is too long or too deep', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`) as object;
    for (const large of [{ a: 'x'.repeat(70_000) }, deep]) {
      expect(() => configurationHash(large as never)).toThrow(
        expect.objectContaining({ code: 'CONFIGURATION_TOO_LARGE' }),
      );
    }
  });
});
