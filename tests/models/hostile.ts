// Files that are no model, or no whole one, and what the runtime must say to each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '@pocketbit/core';
import { modelCache } from '../support/paths.ts';
import { ggufParts, type RandomFile, randomFile, TINY } from './random.ts';
import { unsoundFiles } from './unsound.ts';

export interface Hostile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: ErrorCode;
  /** What the message must name. */
  readonly says: RegExp;
}

function changed(change: (file: RandomFile) => RandomFile): Uint8Array {
  return Buffer.concat([...ggufParts(change(randomFile(TINY, 1)))]);
}

function withTensor(
  name: string,
  change: (tensor: RandomFile['tensors'][number]) => RandomFile['tensors'],
): Uint8Array {
  return changed((file) => ({
    ...file,
    tensors: file.tensors.flatMap((tensor) => (tensor.name === name ? change(tensor) : [tensor])),
  }));
}

const text = (value: string) => Buffer.from(value, 'latin1');
const whole = () => changed((file) => file);

/** Every hostile file, made anew. */
export function hostileFiles(): Hostile[] {
  const name = 'blk.1.ffn_up.weight';
  return [
    { name: 'empty', bytes: new Uint8Array(0), code: 'bad-model', says: /GGUF/ },
    {
      name: 'web-page',
      bytes: text('<!doctype html><html><body>Not found</body></html>'),
      code: 'bad-model',
      says: /GGUF/,
    },
    {
      name: 'zip',
      bytes: text('PK\x03\x04\x14\x00\x00\x00'.padEnd(512, '\0')),
      code: 'bad-model',
      says: /GGUF/,
    },
    {
      name: 'png',
      bytes: text('\x89PNG\r\n\x1a\n'.padEnd(512, '\0')),
      code: 'bad-model',
      says: /GGUF/,
    },
    { name: 'header-only', bytes: whole().subarray(0, 300), code: 'bad-model', says: /./ },
    { name: 'truncated', bytes: whole().subarray(0, -1000), code: 'bad-model', says: /./ },
    {
      name: 'missing-tensor',
      bytes: withTensor(name, () => []),
      code: 'bad-model',
      says: /blk\.1\.ffn_up\.weight.*missing/,
    },
    {
      name: 'duplicate-tensor',
      bytes: withTensor(name, (t) => [t, t]),
      code: 'bad-model',
      says: /blk\.1\.ffn_up\.weight/,
    },
    {
      name: 'unknown-type',
      bytes: withTensor(name, (t) => [{ ...t, type: 200 }]),
      code: 'bad-model',
      says: /200/,
    },
    {
      name: 'wrong-shape',
      bytes: withTensor(name, (t) => [{ ...t, shape: [t.shape[1]!, t.shape[0]!] }]),
      code: 'bad-model',
      says: /blk\.1\.ffn_up\.weight.*shape/,
    },
    {
      name: 'unknown-architecture',
      bytes: changed((file) => ({
        ...file,
        metadata: new Map(file.metadata).set('general.architecture', {
          type: 'string',
          value: 'mamba',
        }),
      })),
      code: 'unsupported',
      says: /mamba/,
    },
    {
      name: 'endless-count',
      bytes: Buffer.concat([text('GGUF\x03\0\0\0'), Buffer.alloc(16, 0xff), Buffer.alloc(64)]),
      code: 'bad-model',
      says: /./,
    },
    ...unsoundFiles(),
  ];
}

/** Writes them where a test site serves /files/hostile/; returns what to expect of each. */
export function writeHostileFiles(): Hostile[] {
  const folder = join(modelCache, 'hostile');
  mkdirSync(folder, { recursive: true });
  const files = hostileFiles();
  for (const { name, bytes } of files) writeFileSync(join(folder, `${name}.gguf`), bytes);
  return files;
}
