// A thread takes no loader from its process: this gives it the one that reads TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./fuzz-worker.ts');
