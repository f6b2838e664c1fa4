import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planModel } from '@pocketbit/core';
import { expect, test } from 'vitest';
import { familyFile } from '../../../tests/models/families.ts';
import { writeShards } from '../../../tests/models/files.ts';
import { SMALL_MODELS } from '../../../tests/models/published.ts';
import { withHeader } from './model.ts';

test('the path of a shard opens all of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pocketbit-'));
  const [model] = SMALL_MODELS;
  const paths = writeShards(model!, folder, 2);
  const count = await withHeader(paths[1]!, async (header) => planModel(header).tensors.length);
  expect(count).toBe(familyFile(model!, 1).tensors.length);
  await rm(paths[0]!);
  await expect(withHeader(paths[1]!, async () => {})).rejects.toMatchObject({ code: 'storage' });
  await rm(folder, { recursive: true });
});
