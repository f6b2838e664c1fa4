// Prints the artifact that the worker chooses in the Node that runs this file, which has no fetch for files.
import { readFile } from 'node:fs/promises';

Object.defineProperty(globalThis, 'fetch', {
  value: async (url: URL) => new Response(await readFile(url)),
});

const { engineModule } = await import('../../packages/web/src/worker/artifact.ts');
const { artifact } = await engineModule();
process.stdout.write(artifact);
