const appsMay = ['packages/core', 'packages/web', 'packages/embed', 'packages/ui'];

/**
 * Who may name whom. Folders that are not listed (tests, tools, scripts) may name all of them but the apps, which are
 * leaves. The arrows of ARCHITECTURE.md: `core ← engine ← web, cli`, `web ← embed, apps`, `ui ← apps`.
 */
export const packageRules = [
  { folder: 'packages/core', name: '@pocketbit/core', may: [] },
  { folder: 'packages/engine', name: '@pocketbit/engine', may: ['packages/core'] },
  { folder: 'packages/web', name: 'pocketbit', may: ['packages/core', 'packages/engine'] },
  { folder: 'packages/cli', name: '@pocketbit/cli', may: ['packages/core', 'packages/engine'] },
  { folder: 'packages/embed', name: '@pocketbit/embed', may: ['packages/web'] },
  { folder: 'packages/ui', name: '@pocketbit/ui', may: [] },
  { folder: 'apps/assistant', name: '@pocketbit/assistant', may: appsMay },
  { folder: 'apps/bench', name: '@pocketbit/bench', may: appsMay },
  { folder: 'training', name: null, may: [] },
];

/** Only these may reach the built engine, the one door from TypeScript to Rust. */
export const wasmReaders = ['packages/web', 'packages/cli', 'tests', 'tools', 'scripts'];

/** What is no product. A product's sources name nothing in them; its tests and its build's configuration may. */
export const workshops = ['tests', 'tools', 'scripts', 'training'];

/** `kernels ← model ← wasm`: each may name those before it. */
export const crateOrder = ['pocketbit-kernels', 'pocketbit-model', 'pocketbit-wasm'];

/** Crates that would let Rust see the page. js-sys and wasm-bindgen may occur in pocketbit-wasm alone. */
export const pageCrates = ['web-sys', 'gloo', 'gloo-net', 'reqwest', 'url'];

/** Globals of browsers and Node that packages/core and packages/engine, which run in both and in neither, must not name. */
export const environmentGlobals = new Set([
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'document', 'navigator', 'localStorage', 'indexedDB'],
  ...['caches', 'importScripts', 'process', 'Buffer', 'require', '__dirname', '__filename'],
]);

/** Functions that are clearer long: the forward pass and unrolled kernel bodies. `file:function`. */
export const longFunctions = new Set([]);
