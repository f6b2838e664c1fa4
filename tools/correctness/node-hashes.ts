// Prints, as JSON, the logits hash of every run by one artifact in the Node that runs this file.
import { KV_FORMATS } from '@pocketbit/core';
import { nodeLogitsHash } from '../../tests/support/engine.ts';
import { hashRuns } from '../../tests/support/hash-runs.ts';
import type { Artifact } from '../lib/engine.ts';

const artifact = process.argv[2] as Artifact;
const hashes: string[] = [];
for (const { file, ids, options } of KV_FORMATS.flatMap(hashRuns)) {
  hashes.push(await nodeLogitsHash(artifact, file, ids, options));
}
process.stdout.write(JSON.stringify(hashes));
