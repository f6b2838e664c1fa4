export {
  type ErrorCode,
  type ErrorDetails,
  type ForcedKernels,
  type KernelFamily,
  PocketbitError,
  type TensorKernels,
} from '@pocketbit/core';
export type { GenerateOptions, Model } from './page/api.ts';
export {
  exportModel,
  importModel,
  type ModelExport,
  repairModel,
  type StoreOptions,
  verifyModel,
} from './page/library.ts';
export { checkFit, type LoadOptions, lastCrash, load } from './page/load.ts';
export { persistStorage } from './page/persist.ts';
export type { FileOptions, MirroredSource, ModelSource } from './page/source.ts';
export type { GenerateResult, GenerateStream } from './page/stream.ts';
export { isSupported, type Support } from './page/support.ts';
export type {
  Artifact,
  ChatMessage,
  Fit,
  FitPolicy,
  GenerateChunk,
  GenerateStats,
  KernelOptions,
  KernelProfile,
  KernelTiming,
  LoadProgress,
  ModelInfo,
  PaceReport,
  PowerMode,
  SamplingOptions,
  StopReason,
  StorageKind,
  StoreReport,
} from './protocol.ts';
export { memoryBudget } from './session/budget.ts';
export { type Conversation, Conversations } from './session/conversations.ts';
export type { SavedSession, SaveOptions } from './session/format.ts';
export type { Crash, RiskyPhase } from './session/marks.ts';
export {
  deleteModel,
  listModels,
  type StorageEstimate,
  type StoredModel,
  storageEstimate,
  suggestEviction,
  type UnfinishedModel,
} from './store/library.ts';
export type { OtherTab, TabOptions, YieldReason } from './tabs/seat.ts';
