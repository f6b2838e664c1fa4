export type { ChatMessage } from '@pocketbit/core';
export {
  type ErrorCode,
  type ErrorDetails,
  type KernelFamily,
  PocketbitError,
} from '@pocketbit/core';
export type {
  Artifact,
  Fit,
  FitPolicy,
  ForcedKernels,
  GenerateChunk,
  GenerateStats,
  KernelOptions,
  KernelTiming,
  PaceReport,
  PowerMode,
  SamplingOptions,
  SavedSession,
  SaveOptions,
  StopReason,
  TensorKernels,
} from '@pocketbit/engine';
export type { Crash, RiskyPhase } from './coordination/crash-marker.ts';
export type { OtherTab, TabOptions, YieldReason } from './coordination/engine-lease.ts';
export { type Conversation, Conversations, type StoredRecord } from './page/conversations.ts';
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
export type { GenerateOptions, Model } from './page/model.ts';
export { persistStorage } from './page/persist.ts';
export type { FileOptions, MirroredSource, ModelSource } from './page/source.ts';
export type { GenerateResult, GenerateStream } from './page/stream.ts';
export { isSupported, type Support } from './page/support.ts';
export type {
  KernelProfile,
  LoadProgress,
  ModelInfo,
  StorageKind,
  StoreReport,
} from './protocol.ts';

export {
  listModels,
  type StorageEstimate,
  type StoredModel,
  storageEstimate,
  suggestEviction,
  type UnfinishedModel,
  type UnreadableModel,
} from './store/library.ts';
