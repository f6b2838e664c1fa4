import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tests/support/paths.ts';

/** What the baseline gave, written by record.ts. */
const fixtureFolder = join(root, 'tests/fixtures/house');

const fixtureFile = (name: string) => join(fixtureFolder, `${name}.json`);

/** One line for each entry of each part, so that a difference reads well. */
export function writeFixture(name: string, parts: object): void {
  const text = Object.entries(parts).map(
    ([part, value]) => `${JSON.stringify(part)}: ${lines(value)}`,
  );
  mkdirSync(fixtureFolder, { recursive: true });
  writeFileSync(fixtureFile(name), `{\n${text.join(',\n')}\n}\n`);
}

function lines(value: object): string {
  if (Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, inner]) => `  ${JSON.stringify(key)}: ${JSON.stringify(inner)}`,
  );
  return `{\n${entries.join(',\n')}\n}`;
}

export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(fixtureFile(name), 'utf8')) as T;
}
