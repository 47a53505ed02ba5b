const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof units;

const whole = /^(?:\d+(?:ms|[smhdw]))+$/;

/** `90s`, `15m`, `1h30m`, `30d` as milliseconds; `undefined` where it is no duration (or too long to count). */
export function parseDuration(text: string): number | undefined {
  if (!whole.test(text)) return undefined;
  let sum = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g))
    sum += Number(digits) * units[unit as Unit];
  return Number.isSafeInteger(sum) ? sum : undefined;
}
