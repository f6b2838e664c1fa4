import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildLab } from '../../tools/lab/build.ts';
import { writeHostileFiles } from '../models/hostile.ts';
import { cachedModel, SHAPE_125M, TINY } from '../models/random.ts';
import { assistantBuild } from './paths.ts';

/** Builds the lab and the generated models; the assistant must have been built. */
export default async function globalSetup(): Promise<void> {
  if (!existsSync(join(assistantBuild, 'index.html'))) {
    throw new Error('the assistant is not built: run `npm run build` first');
  }
  await buildLab();
  writeHostileFiles();
  cachedModel(TINY, 1);
  cachedModel(SHAPE_125M, 1);
}
