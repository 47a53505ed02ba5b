import type { Bound } from './contract/restore.ts';
import { count } from './markdown.ts';

/** Keys that were bound to something, and what becomes of them: `121: 100 without it, 20 with 3 new ones, 1 refused`. */
export function boundText({ dropped, renewed, refused, granted }: Bound): string {
  const fates = [
    ...(dropped > 0 ? [`${count(dropped)} without it`] : []),
    ...(renewed > 0 ? [`${count(renewed)} with ${newOnes(granted)}`] : []),
    ...(refused > 0 ? [`${count(refused)} refused`] : []),
  ];
  return [count(dropped + renewed + refused), ...(fates.length > 0 ? [fates.join(', ')] : [])].join(': ');
}

function newOnes(granted: number | undefined): string {
  if (granted === undefined) return 'a new one';
  return granted === 1 ? '1 new one' : `${count(granted)} new ones`;
}
