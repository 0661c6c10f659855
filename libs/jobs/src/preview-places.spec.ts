import { describe, expect, it } from 'vitest';

import { PreviewPlaces } from './preview-places.js';

const busy = (message: string) =>
  expect.objectContaining({ code: 'PREVIEWS_BUSY', kind: 'too-many', message }) as unknown;

describe('the places for previews', () => {
  it('are one for each key, and two in all', async () => {
    const places = new PreviewPlaces();
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const first = places.during('first key', () => over);
    expect(() => {
      places.check('first key');
    }).toThrow(busy('a preview for this key is being made already'));
    const second = places.during('second key', () => over);
    expect(() => {
      places.check('third key');
    }).toThrow(busy('2 previews are being made already'));
    end();
    await Promise.all([first, second]);
    expect(await places.during('first key', () => Promise.resolve(1))).toBe(1);
  });

  it('are given back where a preview fails', async () => {
    const places = new PreviewPlaces();
    const fails = () => Promise.reject(new Error('not a list'));
    await expect(places.during('a key', fails)).rejects.toThrow('not a list');
    await expect(places.during('a key', fails)).rejects.toThrow('not a list');
  });
});
