import type { AccessDenialsCounted, AccessDenied } from './events.js';

export const accessDenied: AccessDenied = {
  type: 'AccessDenied',
  data: { route: 'POST /v1/products', permission: 'products.write', hour: '2026021108' },
};

export const accessDenialsCounted: AccessDenialsCounted = {
  type: 'AccessDenialsCounted',
  data: { route: 'POST /v1/products', hour: '2026021108', count: 42 },
};
