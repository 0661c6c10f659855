import { readFileSync } from 'node:fs';

import { UnitLink } from '#apps/unit-link.js';
import { Bridge } from '#device-link/bridge.js';
import { LinkMetrics } from '#device-link/link-metrics.js';
import { Topics } from '#device-link/topics.js';
import { pause } from '#event-log/pause.js';
import { CommandObserver } from '#observability/command-observer.js';
import { runProcess } from '#process/run-process.js';
import { openEventLog, openReadStore } from '#process/stores.js';
import { Lease } from '#read-store/lease.js';
import { DeviceLink } from '#telemetry/link/device-link.js';

import { bridgeEnvironment } from './config.js';

const leaseMs = 1_000;

runProcess({
  name: 'mqtt-bridge',
  environment: bridgeEnvironment,
  start: async (context, config) => {
    const { logger, signal } = context;
    const [username, password] = config.MQTT_CREDENTIALS_FILE
      ? readFileSync(config.MQTT_CREDENTIALS_FILE, 'utf8').split(/\r?\n/)
      : [];
    // Events are heard of here and not read again.
    const { log, tail } = openEventLog(context, config.EVENTSTORE_URL, { maxEvents: 16 });
    const metrics = new LinkMetrics(context.metrics);
    const observer = new CommandObserver(logger, context.metrics);
    const lease = new Lease(config.DATABASE_URL, logger);
    context.onStop(() => lease.close());
    const name = `bridge ${config.MQTT_CLIENT_ID}`;
    const store = openReadStore(context, config.DATABASE_URL, { maxConnections: 2 });
    let bridge: Bridge | undefined;
    let units: UnitLink | undefined;
    let link: DeviceLink | undefined;
    let leaseProblem: string | undefined;

    const open = (): void => {
      const ofUnits = new UnitLink({ log, store, logger });
      const made = new DeviceLink({ log, observer, metrics, logger, taker: ofUnits.intake });
      bridge = new Bridge({
        ...{ url: config.MQTT_URL, username, password, clientId: config.MQTT_CLIENT_ID },
        ...{ topics: new Topics(config.MQTT_OLDER_PREFIX), inbox: made.inbox, logger },
        onRejected: (reason, device) => {
          made.reject(reason, device);
        },
      });
      made.sendBy(bridge);
      ofUnits.sendBy(bridge);
      [link, units] = [made, ofUnits];
    };
    const close = async (): Promise<void> => {
      const [was, of, unitsWere] = [bridge, link, units];
      [bridge, link, units] = [undefined, undefined, undefined];
      await unitsWere?.stop();
      await was?.stop();
      await of?.stop();
    };
    // Two with one session would take it from each other again and again.
    const keep = async (): Promise<void> => {
      while (!signal.aborted) {
        const holds = await lease.acquire(name).catch((error: unknown) => {
          leaseProblem = error instanceof Error ? error.message : String(error);
          return undefined;
        });
        if (holds !== undefined) leaseProblem = undefined;
        if (holds === true && !bridge) open();
        if (holds !== true && bridge) await close();
        await pause(leaseMs, signal);
      }
      await close();
    };
    context.onStop(
      tail.onEvent((event) => {
        link?.onEvent(event);
        units?.onEvent(event);
      }),
    );
    context.onCollect(() => {
      metrics.unacknowledged.set(link?.inbox.size ?? 0);
      metrics.connections.set(bridge?.connected ?? 0);
    });
    context.health.register('broker', () => {
      if (leaseProblem !== undefined) {
        return { status: 'down', reason: `PostgreSQL does not say who works: ${leaseProblem}` };
      }
      if (!bridge) return { status: 'up', state: 'standby' };
      if (bridge.connected < bridge.wanted) {
        return { status: 'down', reason: 'there is no connection to the MQTT broker' };
      }
      const inbox = link?.inbox.health() ?? { status: 'up' };
      return inbox.status === 'up' ? { status: 'up', state: 'active' } : inbox;
    });
    await tail.start();
    const keeping = keep();
    context.onStop(() => keeping);
    return {};
  },
});
