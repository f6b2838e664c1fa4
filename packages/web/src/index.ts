export { type ErrorCode, PocketbitError } from '@pocketbit/core';
export { type LoadOptions, load } from './page/load.ts';
export type { GenerateOptions, Model } from './page/model.ts';
export type { GenerateResult, GenerateStream } from './page/stream.ts';
export { isSupported, type Support } from './page/support.ts';
export type {
  Artifact,
  ChatMessage,
  GenerateChunk,
  GenerateStats,
  LoadProgress,
  ModelInfo,
  StopReason,
  StorageKind,
} from './protocol.ts';
export { deleteModel, listModels, type StoredModel } from './store/library.ts';
