// Prints, as JSON, the logits hash of every run by one artifact in the Node that runs this file.
import type { Artifact } from '../../../tests/lab/measure.ts';
import { nodeLogitsHash } from '../../../tests/support/engine.ts';
import { hashRuns } from '../../../tests/support/hash-runs.ts';

const artifact = process.argv[2] as Artifact;
const hashes: string[] = [];
for (const { file, ids, options } of [...hashRuns('f32'), ...hashRuns('int8')]) {
  hashes.push(await nodeLogitsHash(artifact, file, ids, options));
}
process.stdout.write(JSON.stringify(hashes));
