import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WakeLock } from './wake-lock.ts';

/** What a browser does with a screen wake lock, and a document that can be hidden. */
class Screen extends EventTarget {
  visibilityState = 'visible';
  held = 0;
  asked = 0;
  refuses = false;

  readonly wakeLock = {
    request: async (_: 'screen') => {
      this.asked++;
      if (this.refuses) throw new DOMException('battery low', 'NotAllowedError');
      this.held++;
      return {
        release: async () => {
          this.held--;
        },
      };
    },
  };

  turn(state: 'visible' | 'hidden'): void {
    this.visibilityState = state;
    // The browser takes the lock back by itself.
    if (state === 'hidden') this.held = 0;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let screen: Screen;
let wakeLock: WakeLock;
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

beforeEach(() => {
  screen = new Screen();
  wakeLock = new WakeLock();
  vi.stubGlobal('document', screen);
  vi.stubGlobal('navigator', { wakeLock: screen.wakeLock });
});
afterEach(() => vi.unstubAllGlobals());

function job() {
  let end = () => {};
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  wakeLock.during(work);
  return () => end();
}

test('one lock serves all jobs, and is let go when the last one ends', async () => {
  const [first, second] = [job(), job()];
  await settled();
  expect([screen.asked, screen.held]).toEqual([1, 1]);
  first();
  await settled();
  expect(screen.held).toBe(1);
  second();
  await settled();
  expect(screen.held).toBe(0);
});

test('a page that comes back asks again while something runs, and not afterwards', async () => {
  const end = job();
  await settled();
  screen.turn('hidden');
  screen.turn('visible');
  await settled();
  expect([screen.asked, screen.held]).toEqual([2, 1]);
  end();
  await settled();
  screen.turn('hidden');
  screen.turn('visible');
  await settled();
  expect([screen.asked, screen.held]).toEqual([2, 0]);
});

test('a lock that is refused, or not there, stops nothing', async () => {
  screen.refuses = true;
  job()();
  await settled();
  vi.stubGlobal('navigator', {});
  job()();
  await settled();
  expect([screen.asked, screen.held]).toEqual([1, 0]);
});
