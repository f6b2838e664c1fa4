export { type ChosenBy, KernelChoice } from './choice.ts';
export {
  type KernelBench,
  KernelChooser,
  type KernelOptions,
  type KernelTiming,
  type TimingStore,
  type TrialShape,
  trialOf,
} from './chooser.ts';
export { type Clock, type Signal, type Stop, sleepWith } from './clock.ts';
export {
  ARTIFACTS,
  type Artifact,
  type Engine,
  type EngineExports,
  type KernelTrial,
  type SamplerSettings,
} from './exports.ts';
export {
  type Fit,
  type FitPolicy,
  fitOf,
  type Limits,
  type Planned,
  planAsked,
  planToFit,
} from './fit.ts';
export type { FirstTokenGuard, Line } from './generate.ts';
export {
  choosePicks,
  type ForcedKernels,
  forcedPicks,
  KERNEL_FAMILIES,
  type KernelNames,
  type KernelNeed,
  type KernelPair,
  type KernelPick,
  kernelNeeds,
  type SizeClass,
  sizeClassOf,
  type TensorKernels,
  tensorKernels,
} from './kernels.ts';
export { type EngineSink, type LoadTensorsOptions, loadTensors, openEngine } from './load.ts';
export { type SizedPlan, sizePlan } from './memory.ts';
export { TextModel, type TextModelParts } from './model.ts';
export {
  DEFAULT_MAX_TOKENS,
  type GenerateChunk,
  type GenerateRequest,
  type GenerateStats,
  type SamplingOptions,
  type StopReason,
  samplerSettings,
} from './options.ts';
export type { PaceReport, PowerMode } from './pace.ts';
export { checkSession, type SavedSession, type SaveOptions } from './session.ts';
export type { TextTools } from './speaker.ts';
export { type Contender, type Stopwatch, Timer } from './timing.ts';
export { copyContext, forward, logitsAfter, logitsOfEach, sampleIds } from './trace.ts';
