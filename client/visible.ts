/**
 * Text from a store as a terminal may show it: as it is where it is harmless, else as JSON text in which every
 * control and formatting character is written out. A key could move the cursor or turn the line around.
 */
export function visible(text: string): string {
  if (text !== '' && text.trim() === text && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"]/u.test(text)) return text;
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
