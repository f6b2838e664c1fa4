export {
  type ErrorCode,
  type ErrorDetails,
  type ForcedKernels,
  type KernelFamily,
  PocketbitError,
  type TensorKernels,
} from '@pocketbit/core';
export type { Crash, RiskyPhase } from './coordination/crash-marker.ts';
export type { OtherTab, TabOptions, YieldReason } from './coordination/engine-lease.ts';
export type { GenerateOptions, Model } from './page/api.ts';
export { type Conversation, Conversations } from './page/conversations.ts';
export {
  deleteModel,
  exportModel,
  importModel,
  type ModelExport,
  repairModel,
  type StoreOptions,
  verifyModel,
} from './page/library.ts';
export { checkFit, type LoadOptions, lastCrash, load } from './page/load.ts';
export { memoryBudget } from './page/memory-budget.ts';
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
export type { SavedSession, SaveOptions } from './session/format.ts';
export {
  listModels,
  type StorageEstimate,
  type StoredModel,
  storageEstimate,
  suggestEviction,
  type UnfinishedModel,
} from './store/library.ts';
