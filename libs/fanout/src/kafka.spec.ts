import { describe, expect, it } from 'vitest';

import { readEnvironment } from '#process/config.js';

import { kafkaBrokers, kafkaEnvironment } from './kafka.js';

const specs = { KAFKA_BROKERS: kafkaBrokers(), ...kafkaEnvironment };
const read = (environment: Record<string, string>) => (): unknown =>
  readEnvironment(specs, { KAFKA_BROKERS: 'a:1', ...environment });

describe('the settings of Kafka', () => {
  it.each(['localhost', 'localhost:0', 'localhost:65536', 'a:1,', 'kafka://a:1'])(
    'name brokers with their ports, not %s',
    (brokers) => {
      expect(read({ KAFKA_BROKERS: brokers })).toThrow(
        /KAFKA_BROKERS .* expected: host:port pairs/,
      );
    },
  );

  it('name a mechanism with its user and password, and neither without it', () => {
    expect(read({ KAFKA_SASL_MECHANISM: 'plain' })).toThrow(
      /KAFKA_SASL_USERNAME is not set.*\n.*KAFKA_SASL_PASSWORD is not set/,
    );
    expect(read({ KAFKA_SASL_PASSWORD: 'x' })).toThrow(/KAFKA_SASL_MECHANISM is not set/);
    const whole = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'x' };
    expect(read({ KAFKA_SASL_MECHANISM: 'plain', ...whole })).not.toThrow();
  });
});
