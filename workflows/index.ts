/** Every export here is a workflow type; there must be nothing else. */
export { backup } from './backup.ts';
export { drill } from './drill.ts';
export { restore } from './restore.ts';
export { task } from './task.ts';
export { verify } from './verify.ts';
export { watch } from './watch.ts';
