// Generated model files on disk, in the cache that git ignores.
import { existsSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shardNames } from '@pocketbit/core';
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

/** Writes the model as `count` shards into `folder`, the metadata in the first; returns their paths. */
export function writeShards(model: FamilyModel, folder: string, count: number): string[] {
  mkdirSync(folder, { recursive: true });
  const { metadata, tensors } = familyFile(model, 1);
  const total = String(count).padStart(5, '0');
  const names = shardNames(join(folder, `${model.name}-00001-of-${total}.gguf`))!;
  for (const [no, name] of names.entries()) {
    const split = new Map(no === 0 ? metadata : []);
    split.set('split.no', { type: 'u32', value: no });
    split.set('split.count', { type: 'u32', value: count });
    split.set('split.tensors.count', { type: 'i32', value: tensors.length });
    const own = tensors.filter((_, i) => i % count === no);
    writeFileSync(name, Buffer.concat([...ggufParts({ metadata: split, tensors: own })]));
  }
  return names;
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
