import type { TripMessage } from '#cycling/protocol/messages.js';

/** Why a unit switched off, for people. */
export const breachText = ({ reason, quantity, bound, limit, value }: TripMessage): string => {
  switch (reason) {
    case 'limit':
      return `${String(quantity)} was ${String(value)}; expected ${bound === 'min' ? 'at least' : 'at most'} ${String(limit)}`;
    case 'sensor':
      return `the sensor of ${String(quantity)} has said ${String(value)} for too long`;
    case 'device':
      return 'the device has switched off by itself';
    case 'instruction':
      return 'the server said so';
  }
};
