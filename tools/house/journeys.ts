// Prints, as JSON, the names of the checks that the Firefox and WebKit journeys of a tree make with every artifact.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [tree] = process.argv.slice(2);
const { checksFor } = await import(pathToFileURL(join(tree!, 'tests/drivers/checks.ts')).href);
const browser = { name: 'any', artifacts: ['scalar', 'simd128', 'relaxed'] };
process.stdout.write(JSON.stringify(Object.keys(checksFor(browser))));
