import type { KeyStore } from '../store.ts';
import type { ConsulSettings } from './settings.ts';

/** A Consul as a store of keys. */
export function openConsul(settings: ConsulSettings): KeyStore {
  throw new Error(`not yet: ${settings.addresses.join()}`);
}
