import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what setup builds once per user lives; it survives a fresh clone. */
export const cacheFolder = process.env.POCKETBIT_CACHE ?? join(userCache(), 'pocketbit');

function userCache() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME;
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
}
