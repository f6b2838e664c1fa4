import { SCHEMES, SCREENS, SIZES } from '../../tests/support/screens.ts';
import type { Check } from '../lib/report.ts';
import { captureAll } from './pictures.ts';

export const screens: Check = {
  title: 'pictures of every screen at 390×844 and 1280×800, light and dark, and axe-core on each',
  async run({ note }) {
    const pictures = await captureAll([], true);
    const violations = pictures.flatMap(({ violations: found, path }) =>
      found.map((line) => `${path}: ${line}`),
    );
    for (const violation of violations.slice(0, 10)) note(violation);
    const expected = SCREENS.length * SIZES.length * SCHEMES.length;
    return [
      {
        label: 'pictures in screenshots/, also written by `npm run screenshots`',
        value: String(pictures.length),
        target: String(expected),
        pass: pictures.length === expected,
      },
      {
        label: 'axe-core violations',
        value: String(violations.length),
        target: '0',
        pass: violations.length === 0,
      },
    ];
  },
};
