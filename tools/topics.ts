// What `npm run show` can show, by topic. A check's module is loaded when it is shown: some change the process.
import type { Topic } from './lib/report.ts';

const correctness = {
  logits: async () => (await import('./correctness/identical.ts')).identicalLogits,
  'by-kernels': async () => (await import('./correctness/by-kernels.ts')).logits,
  reference: async () => (await import('./correctness/reference.ts')).reference,
  draws: async () => (await import('./correctness/draws.ts')).draws,
  greedy: async () => (await import('./correctness/greedy.ts')).greedyTokens,
  wllama: async () => (await import('./correctness/greedy-wllama.ts')).peer,
  context: async () => (await import('./correctness/context.ts')).context,
  'kv-error': async () => (await import('./correctness/kv-error.ts')).kvError,
} satisfies Topic;

const formats = {
  types: async () => (await import('./formats/types.ts')).types,
  golden: async () => (await import('./formats/golden.ts')).golden,
  encodings: async () => (await import('./formats/encodings.ts')).encodings,
  families: async () => (await import('./formats/families.ts')).families,
  transformers: async () => (await import('./formats/transformers.ts')).transformers,
  wllama: async () => (await import('./formats/wllama.ts')).peer,
  tokenizers: async () => (await import('./formats/tokenizers.ts')).tokenizers,
  headers: async () => (await import('./formats/headers.ts')).headers,
  'header-cost': async () => (await import('./formats/header-cost.ts')).headerCost,
  published: async () => (await import('./formats/published.ts')).published,
  refusals: async () => (await import('./formats/refusals.ts')).refusals,
} satisfies Topic;

const memory = {
  loaded: async () => (await import('./memory/loaded.ts')).memory,
  loading: async () => (await import('./memory/loading.ts')).memory,
} satisfies Topic;

const faults = {
  schedules: async () => (await import('./faults/schedules.ts')).faults,
  quota: async () => (await import('./faults/quota.ts')).quota,
  kill: async () => (await import('./faults/kill.ts')).kill,
  fuzz: async () => (await import('./faults/fuzz.ts')).fuzz,
  'bad-input': async () => (await import('./faults/bad-input.ts')).badInput,
  unsound: async () => (await import('./faults/unsound.ts')).badInput,
} satisfies Topic;

const speed = {
  'first-token': async () => (await import('./speed/first-token.ts')).firstToken,
  artifacts: async () => (await import('./speed/artifacts.ts')).speed,
  micro: async () => (await import('./kernels/micro.ts')).micro,
  wllama: async () => (await import('./speed/peers.ts')).wllama,
  'wllama-table': async () => (await import('./speed/peers.ts')).firstToken,
  binary: async () => (await import('./speed/peers.ts')).binary,
  native: async () => (await import('./speed/peers.ts')).native,
  steady: async () => (await import('./speed/steady.ts')).steady,
  'warm-load': async () => (await import('./speed/warm-load.ts')).warmLoad,
} satisfies Topic;

/** Of the three, the names and checks are those of the issues that set them. */
const kernels = {
  variants: async () => (await import('./kernels/variants.ts')).variants,
  logits: correctness['by-kernels'],
  micro: speed.micro,
  wllama: speed.wllama,
  'first-token': speed['wllama-table'],
  binary: speed.binary,
  native: speed.native,
  steady: speed.steady,
  context: correctness.context,
  'kv-error': correctness['kv-error'],
  memory: memory.loaded,
  size: async () => (await import('./kernels/size.ts')).size,
  'bad-input': faults.unsound,
} satisfies Topic;

const store = {
  faults: faults.schedules,
  quota: faults.quota,
  kill: faults.kill,
  memory: memory.loading,
  'warm-load': speed['warm-load'],
  tabs: async () => (await import('./store/tabs.ts')).tabs,
  fuzz: faults.fuzz,
  offline: async () => (await import('./store/offline.ts')).offline,
} satisfies Topic;

const foundation = {
  logits: correctness.logits,
  reference: correctness.reference,
  draws: correctness.draws,
  greedy: correctness.greedy,
  wllama: correctness.wllama,
  'first-token': speed['first-token'],
  speed: speed.artifacts,
  screens: async () => (await import('./house/screens.ts')).screens,
  'bad-input': faults['bad-input'],
  clone: async () => (await import('./house/fresh-clone.ts')).freshClone,
} satisfies Topic;

/** That nothing of the user's is lost, whatever the platform does. */
const robust = {
  injection: async () => (await import('./robust/injection.ts')).injection,
  network: async () => (await import('./robust/network.ts')).network,
  named: async () => (await import('./robust/named.ts')).named,
  interleavings: async () => (await import('./robust/interleavings.ts')).interleavings,
  formats: async () => (await import('./robust/stored-formats.ts')).storedFormats,
  assumptions: async () => (await import('./robust/assumptions.ts')).assumptions,
  rust: async () => (await import('./robust/rust.ts')).rust,
  soak: async () => (await import('./robust/soak.ts')).soak,
  'hostile-answers': async () => (await import('./robust/hostile-answers.ts')).hostileAnswers,
  store: async () =>
    (await import('./robust/store.ts')).topicCheck('what was promised of the store', store),
} satisfies Topic;

/** That nothing which can be seen differs from the commit that the house was rebuilt from. */
const house = {
  bits: async () => (await import('./house/identical.ts')).identical,
  stored: async () => (await import('./house/stored.ts')).stored,
  driver: async () => (await import('./house/driver.ts')).driver,
  circles: async () => (await import('./house/circles.ts')).circles,
  sizes: async () => (await import('./house/sizes.ts')).sizes,
  speed: async () => (await import('./house/speed.ts')).speed,
  touched: async () => (await import('./house/touched.ts')).touched,
  commands: async () => (await import('./house/commands.ts')).commands,
  tests: async () => (await import('./house/tests.ts')).tests,
} satisfies Topic;

export const TOPICS: Readonly<Record<string, Topic>> = {
  correctness,
  formats,
  kernels,
  memory,
  store,
  faults,
  speed,
  foundation,
  house,
  robust,
};
