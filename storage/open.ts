import { openDirectory } from './directory/directory.ts';
import { openS3 } from './s3/s3.ts';
import type { StorageSettings } from './settings.ts';
import type { Storage } from './storage.ts';

/** Opens the storage that the settings describe. Nothing is asked of it yet. */
export function openStorage(settings: StorageSettings): Storage {
  switch (settings.kind) {
    case 's3':
      return openS3(settings.s3);
    case 'directory':
      return openDirectory(settings.directory);
  }
}
