import { beforeEach, describe, expect, it } from 'vitest';

import type { Due } from './attended.js';
import { Silence } from './silence.js';

const silentS = 30;

describe('who is silent', () => {
  let silence: Silence;
  let nowS = 0;
  let unseenS: number | undefined;
  const experiment = (silentForS: number, isRunning = true) =>
    ({ experimentId: 'e', isRunning, silentForS }) as Due;
  const judge = (silentForS: number, isRunning?: boolean): boolean =>
    silence.judge([experiment(silentForS, isRunning)], () => unseenS).has('e');
  /** Judges each second, of what was heard last when it began. */
  const watch = (seconds: number, heardS = nowS): readonly boolean[] =>
    Array.from({ length: seconds }, () => {
      nowS += 1;
      return judge(nowS - heardS);
    });

  beforeEach(() => {
    nowS = 1_000;
    unseenS = 0;
    silence = new Silence(silentS, () => nowS * 1_000);
  });

  it('is what runs and was not heard of for so long', () => {
    expect(watch(31).indexOf(true)).toBe(30);
    expect(judge(31, false)).toBe(false);
  });

  it('is nobody whose records are followed by others, or were not seen', () => {
    unseenS = undefined;
    expect(watch(100)).not.toContain(true);
    unseenS = 40;
    expect(watch(100)).not.toContain(true);
  });

  it('is nobody at first, and whoever still is so long after', () => {
    expect(watch(30, 0)).not.toContain(true);
    expect(watch(1, 0)).toEqual([true]);
  });

  it.each([
    ['what it follows stood still', () => watch(20), 60],
    ['others followed it', () => watch(20), undefined],
    ['it did not judge itself', () => (nowS += 60), 0],
  ])('counts anew after %s', (_, pass, unseen) => {
    watch(25);
    const heardS = 1_000;
    unseenS = unseen;
    pass();
    unseenS = 0;
    expect(watch(30, heardS)).not.toContain(true);
    expect(watch(1, heardS)).toEqual([true]);
  });

  it('is judged all the same after a moment that was not seen', () => {
    watch(25);
    unseenS = 9;
    watch(1, 1_000);
    unseenS = 0;
    expect(watch(5, 1_000)).toContain(true);
  });
});
