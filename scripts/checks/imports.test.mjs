import { expect, test } from 'vitest';
import { readRust } from '../lib/rust-source.mjs';
import { readScript } from '../lib/script-source.mjs';
import { crateBreaches, scriptBreaches, unsafeBreaches } from './imports.mjs';

const breaches = (path, text) => scriptBreaches(path, readScript(path, text));

test.each([
  ['packages/core/src/plan.ts', "import { load } from 'pocketbit';"],
  ['packages/core/src/plan.ts', "import type { Model } from '../../web/src/page/model.ts';"],
  ['packages/core/src/plan.ts', "export * from 'pocketbit/store';"],
  ['packages/core/src/plan.ts', "import { readFileSync } from 'node:fs';"],
  ['packages/core/src/plan.ts', 'const bytes = await fetch(address);'],
  ['packages/core/src/plan.ts', "type Model = import('../../web/src/page/model.ts').Model;"],
  ['packages/web/src/page/load.ts', "import '../../../embed/src/element.ts';"],
  [
    'packages/web/src/page/load.ts',
    "const app = await import('../../../../apps/assistant/src/app.ts');",
  ],
  [
    'packages/web/src/page/load.ts',
    "new Worker(new URL('../../../../crates/x.js', import.meta.url));",
  ],
  ['packages/embed/src/element.ts', "import '@pocketbit/core';"],
  ['packages/cli/src/cli.ts', "import 'pocketbit';"],
  ['apps/assistant/src/app.ts', "import '@pocketbit/engine';"],
  ['apps/assistant/src/app.ts', "import url from '../../../packages/web/wasm/simd128.wasm?url';"],
  ['apps/assistant/src/app.ts', "import { join } from 'node:path';"],
  ['apps/assistant/src/app.ts', "import { rate } from '../../bench/src/result.ts';"],
  ['apps/bench/src/app.ts', "import '../../assistant/src/styles/tokens.css';"],
  ['tests/browser/bench.spec.ts', "import type { Result } from '../../apps/bench/src/result.ts';"],
  ['tools/speed/page.ts', "import { median } from '@pocketbit/bench';"],
  ['packages/web/src/page/load.ts', "import { root } from '../../../../tests/support/paths.ts';"],
  ['packages/ui/src/chart.ts', "import { load } from 'pocketbit';"],
])('%s may not hold %s', (path, text) => {
  expect(breaches(path, text)).toHaveLength(1);
});

test.each([
  ['packages/core/src/plan.ts', "import { PocketbitError } from './errors.ts';"],
  ['packages/core/src/plan.ts', 'const windows = { fetch: 1 }; windows.fetch;'],
  ['packages/core/src/plan.ts', '// fetch is for the caller\nconst text = "process";'],
  ['packages/core/src/plan.test.ts', "import { readFileSync } from 'node:fs';"],
  ['packages/web/src/worker/open.ts', "import init from '../../wasm/glue.js';"],
  ['packages/web/src/worker/open.ts', "import { readGguf } from '@pocketbit/core';"],
  ['packages/cli/src/cli.ts', "import { initSync } from '../../web/wasm/glue.js';"],
  ['apps/assistant/src/app.ts', "import { load } from 'pocketbit';"],
  ['apps/assistant/vite.config.ts', "import { join } from 'node:path';"],
  ['apps/assistant/vite.config.ts', "import { CSP } from '../../scripts/vite/csp.ts';"],
  ['apps/bench/src/app.ts', "import { median } from '@pocketbit/ui';"],
  ['packages/web/src/store/a.test.ts', "import '../../../../tests/support/paths.ts';"],
])('%s may hold %s', (path, text) => {
  expect(breaches(path, text)).toEqual([]);
});

const crate = (name, dependency, kind = null) => ({
  name,
  dependencies: [{ name: dependency, kind }],
});

test('a crate names only crates to its left', () => {
  expect(crateBreaches(crate('pocketbit-kernels', 'libm'))).toHaveLength(1);
  expect(crateBreaches(crate('pocketbit-kernels', 'proptest', 'dev'))).toEqual([]);
  expect(crateBreaches(crate('pocketbit-model', 'pocketbit-wasm'))).toHaveLength(1);
  expect(crateBreaches(crate('pocketbit-model', 'js-sys'))).toHaveLength(1);
  expect(crateBreaches(crate('pocketbit-wasm', 'web-sys'))).toHaveLength(1);
  expect(crateBreaches(crate('pocketbit-wasm', 'pocketbit-model'))).toEqual([]);
});

test('unsafe stays in the kernels and is explained', () => {
  const bare = readRust('fn load(p: *const u8) -> u8 {\n    unsafe { *p }\n}\n');
  const explained = readRust(
    'fn load(p: &u8) -> u8 {\n    // SAFETY: p is a reference.\n    unsafe { *(p as *const u8) }\n}\n',
  );
  const mentioned = readRust(
    '#![forbid(unsafe_code)]\n// unsafe is told of here\nconst WORD: &str = "unsafe";\n',
  );
  expect(unsafeBreaches('crates/kernels/src/line.rs', bare)).toHaveLength(1);
  expect(unsafeBreaches('crates/kernels/src/line.rs', explained)).toEqual([]);
  expect(unsafeBreaches('crates/model/src/ops.rs', explained)).toHaveLength(1);
  expect(unsafeBreaches('crates/model/src/ops.rs', mentioned)).toEqual([]);
});
