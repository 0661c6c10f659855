import { UnitLink } from '#apps/unit-link.js';
import { EmbeddedBroker } from '#device-link/embedded-broker.js';
import { LinkMetrics } from '#device-link/link-metrics.js';
import { Topics } from '#device-link/topics.js';
import { CommandObserver } from '#observability/command-observer.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { Devices } from '#telemetry/device/find-device.js';
import { isSecretOf } from '#telemetry/link/device-credentials.js';
import { DeviceLink } from '#telemetry/link/device-link.js';

import { brokerEnvironment } from './config.js';

runProcess({
  name: 'mqtt-broker',
  environment: brokerEnvironment,
  start: async (context, config) => {
    const { logger } = context;
    // Events are heard of here and not read again.
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL, { maxEvents: 16 });
    const metrics = new LinkMetrics(context.metrics);
    const observer = new CommandObserver(logger, context.metrics);
    const devices = new Devices(log);
    const { DATABASE_URL: url } = config;
    const store =
      url === undefined ? undefined : openReadStore(context, url, { maxConnections: 2 });
    const units = store && new UnitLink({ log, store, logger });
    const taker = units?.intake;
    const link = new DeviceLink({ log, observer, metrics, logger, ...(taker && { taker }) });
    context.onStop(() => units?.stop() ?? Promise.resolve());
    context.onStop(() => link.stop());
    const broker = await EmbeddedBroker.start({
      ...{ host: config.MQTT_HOST, port: config.MQTT_PORT, inbox: link.inbox, logger },
      topics: new Topics(config.MQTT_OLDER_PREFIX),
      maxConnections: config.MQTT_MAX_CONNECTIONS,
      messagesPerSecond: config.MQTT_MESSAGES_PER_SECOND,
      authenticate: async (device, secret) =>
        (await isSecretOf(log, device, secret)) && !(await devices.isRetired(device)),
      onListening: (device) => {
        void link.sendConfiguration(device);
        units?.onListening(device);
      },
      onRejected: (reason, device) => {
        link.reject(reason, device);
      },
    });
    context.onStop(() => broker.stop());
    link.sendBy(broker);
    units?.sendBy(broker);
    context.onStop(
      tail.onEvent((event) => {
        link.onEvent(event);
        units?.onEvent(event);
      }),
    );
    context.onCollect(() => {
      metrics.unacknowledged.set(link.inbox.size);
      metrics.connections.set(broker.connections);
    });
    context.health.register('inbox', () => link.inbox.health());
    await tail.start();
    return { port: broker.port };
  },
});
