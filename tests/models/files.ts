// Generated model files on disk, in the cache that git ignores.
import { existsSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelCache } from '../support/paths.ts';
import { type FamilyModel, familyFile } from './families.ts';
import { ggufParts, type RandomFile, writeParts } from './random.ts';

const ALIGNMENT = 32;

/** Path of the model's file, written on first use. */
export function cachedFamily(model: FamilyModel, seed: number): string {
  const path = join(modelCache, `${model.name}-${seed}.gguf`);
  if (!existsSync(path)) writeParts(path, ggufParts(familyFile(model, seed)));
  return path;
}

/** Path of a file of the model's full size with zeros for weights: a hole that takes no room on the disk. */
export function hollowFamily(model: FamilyModel): string {
  const path = join(modelCache, `${model.name}-hollow.gguf`);
  if (!existsSync(path)) writeHollow(path, familyFile(model, 0));
  return path;
}

function writeHollow(path: string, file: RandomFile): void {
  mkdirSync(modelCache, { recursive: true });
  const [header] = ggufParts(file);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, header!);
  const weights = file.tensors.reduce(
    (sum, { bytes }) => sum + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT,
    0,
  );
  truncateSync(draft, header!.length + weights);
  renameSync(draft, path);
}
