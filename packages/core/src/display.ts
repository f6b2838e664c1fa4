/**
 * What hides, turns round or breaks up a line: control and format characters, line separators, lone
 * surrogates and what has no width. The first group, an emoji with what joins it to the next, stays.
 * Browsers of 2021 lack the short names of the first two properties.
 */
const UNPRINTABLE =
  /([\p{Extended_Pictographic}#*\d]\p{Emoji_Modifier}?\ufe0f?(?:\u200d(?=\p{Extended_Pictographic}))?)|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu;

/** Characters of a name that are shown. */
const MAX_SHOWN = 200;

/** `\u202e` or `\u{e0041}`. */
function visible(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

/** The text with each unprintable character as `show` writes it, by default as its escape: one line, read as written. */
export function escaped(text: string, show = visible): string {
  return text.replace(UNPRINTABLE, (found: string, emoji?: string) => emoji ?? show(found));
}

/**
 * A name out of a file, an address or a person's folder as it is shown to people: escaped, and cut after
 * `max` UTF-16 units with a sign that it goes on. Never a key: two names can look the same.
 */
export function displayName(name: string, max = MAX_SHOWN): string {
  if (name.length <= max) return escaped(name);
  return `${escaped(name.slice(0, max).replace(/[\ud800-\udbff]$/, ''))}…`;
}
