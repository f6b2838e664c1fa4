import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tests/support/paths.ts';

/** What the baseline gave, written by record.ts. */
export const fixtureFolder = join(root, 'tests/fixtures/house');

export const fixtureFile = (name: string) => join(fixtureFolder, `${name}.json`);

export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(fixtureFile(name), 'utf8')) as T;
}
