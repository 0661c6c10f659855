import { Gauge, type Registry } from 'prom-client';

import type { HealthRegistry } from './health.js';

/** Shows each check of readiness in the metrics, as it is when they are read. */
export const collectHealth = (registry: Registry, health: HealthRegistry): void => {
  new Gauge({
    name: 'voltrace_health_up',
    help: '1 for each check of readiness that is up, 0 for one that is down.',
    labelNames: ['check'] as const,
    registers: [registry],
    async collect() {
      const { checks } = await health.report();
      this.reset();
      for (const [check, { status }] of Object.entries(checks)) {
        this.set({ check }, status === 'up' ? 1 : 0);
      }
    },
  });
};
