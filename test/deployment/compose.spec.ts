import { describe, expect, it } from 'vitest';

import { textOf } from './apps.js';
import {
  type Compose,
  composeProblems,
  isOurs,
  readCompose,
  schemaProblems,
  variables,
} from './compose.js';
import { dockerfile } from './image-source.js';

const text = textOf('docker/compose.yaml');
const compose = readCompose(text);

/** The file with `from` in place of `to`, which has to be there. */
const changed = (from: string | RegExp, to: string): Compose => {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`there is no ${String(from)}`);
  return readCompose(other);
};

describe('the compose file', () => {
  it('is what the Compose specification says', () => {
    expect(schemaProblems(compose)).toEqual([]);
    expect(schemaProblems(changed('restart: unless-stopped', 'restart_it: yes')).join()).toContain(
      'restart_it',
    );
    expect(schemaProblems(changed('retries: 24', 'retries: often')).join()).toContain('retries');
  });

  it('fits the code, the image and itself', () => {
    expect(composeProblems(compose)).toEqual([]);
  });

  it.each([
    ['LOG_LEVEL: ${LOG_LEVEL:-info}', 'LOG_LEVELS: info', /: LOG_LEVELS is no variable of it/],
    ['LOG_LEVEL: ${LOG_LEVEL:-info}', 'LOG_LEVEL: loud', /LOG_LEVEL is "loud"; expected: one of/],
    [
      'DATABASE_URL_FILE: /run/secrets/database-url',
      'HEALTH_HOST: 0.0.0.0',
      /projector: DATABASE_URL is not set/,
    ],
    [
      'KAFKA_BROKERS: kafka:9092\n    depends_on: &',
      'X: y\n    depends_on: &',
      /relay: KAFKA_BROKERS is not/,
    ],
    ['command: [relay]', 'command: [relais]', /relay: "relais" is no app/],
    ['MQTT_URL: mqtt://mosquitto:1883', 'MQTT_URL: mosquitto', /MQTT_URL is "mosquitto"; expected/],
    ['/run/secrets/unit-secret', '/run/secrets/other', /it is not given the secret other/],
    ["volumes: ['data:/var", "volumes: ['date:/var", /there is no volume date/],
    [
      'eventstore-1: { condition: service_healthy }',
      'eventstore-2: { condition: service_healthy }',
      /single it waits for eventstore-2/,
    ],
    [
      'api: { condition: service_healthy }',
      'api: { condition: service_completed_successfully }',
      /api never ends/,
    ],
    [
      'GOSSIP_SEED: eventstore-2:2113',
      'GOSSIP_SEED: eventstore-2:2113,eventstore-3:2113',
      /eventstore-1: alone, it refuses to start with several seeds/,
    ],
    ['stop_grace_period: 20s', 'stop_grace_period: 10s', /it is killed before it has stopped/],
    ['read_only: true', 'read_only: false', /its root can be written to/],
    ['cap_drop: [ALL]', 'cap_drop: []', /it has capabilities/],
    ['image: postgres:17.6-bookworm', 'image: postgres', /postgres has no exact version/],
    ['VOLTRACE_VERSION:-0.1.0', 'VOLTRACE_VERSION:-0.0.9', /is not version/],
    ['target: voltrace', 'target: standalone', /is not what standalone builds/],
    ["'data:/var/lib/voltrace'", "'data:/data'", /nothing is mounted at \/var\/lib\/voltrace/],
  ])('would be found wrong with %s as %s', (from, to, problem) => {
    expect(composeProblems(changed(from, to)).join('\n')).toMatch(problem);
  });

  it('runs every app that is not for one machine alone', () => {
    const apps = Object.values(compose.services)
      .filter(isOurs)
      .map(({ command }) => command?.[0] ?? 'standalone');
    expect(new Set(apps)).toEqual(
      // The event node answers on its own machine only, the embedded broker is part of standalone.
      new Set([
        'api',
        'projector',
        'consumers',
        'relay',
        'cycler-control',
        'mqtt-bridge',
        'cycler-sim',
        'voltrace',
        'standalone',
      ]),
    );
  });

  it('runs by a profile: three nodes, one, or nothing but standalone', () => {
    const inProfile = (profile: string) =>
      Object.entries(compose.services)
        .filter(([, { profiles = [] }]) => profiles.includes(profile))
        .map(([name]) => name);
    expect(inProfile('standalone')).toEqual(['standalone']);
    const nodes = (profile: string) =>
      inProfile(profile).filter((name) => name.startsWith('eventstore'));
    expect([nodes('cluster').length, nodes('single').length]).toEqual([3, 1]);
    expect(inProfile('single')).toEqual(
      inProfile('cluster').filter((name) => !/-[23]$/.test(name)),
    );
    expect(Object.values(compose.services).every(({ profiles = [] }) => profiles.length > 0)).toBe(
      true,
    );
  });

  it('has an example of each variable that it reads, with the same default', () => {
    const read = new Map(
      [...text.matchAll(variables)].map(([, name = '', value]) => [name, value]),
    );
    const lines = textOf('docker/.env.example')
      .split('\n')
      .filter((line) => /^\w+=/.test(line));
    const example = new Map(lines.map((line) => line.split('=') as [string, string]));
    expect(example.get('COMPOSE_PROFILES')).toBe('cluster');
    example.delete('COMPOSE_PROFILES');
    expect(Object.fromEntries(example)).toEqual(Object.fromEntries(read));
  });

  it('gives Mosquitto the user who owns its files, and the settings that the bridge expects', () => {
    const { user } = dockerfile.configOf(
      dockerfile.stagesOf(textOf('docker/Dockerfile')),
      'voltrace',
    );
    expect(compose.services['mosquitto']?.user).toBe(user);
    const [, documented = ''] =
      /mosquitto\.conf`:\n\n```\n([^]*?)```/.exec(textOf('docs/operations.md')) ?? [];
    const settings = (conf: string) =>
      conf
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#') && !/_file |_location /.test(line))
        .sort();
    for (const path of ['docker/mosquitto.conf', 'k8s/components/mosquitto/mosquitto.conf']) {
      expect(settings(textOf(path))).toEqual([...settings(documented), 'listener 1883'].sort());
    }
  });
});
