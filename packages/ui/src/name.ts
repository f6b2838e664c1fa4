/** Longest name that is shown whole, and what is shown of a longer one. */
const WHOLE = 120;
const START = 80;
const END = 30;

/**
 * Joiners with what stands before them, where a script or an emoji needs them, which stay, or a character that shows nothing, turns the direction or is no
 * text at all. No lookbehind: Safari before 16.4 takes no script that holds one.
 */
const UNSEEN =
  /(\p{Extended_Pictographic}(?:[\u{1f3fb}-\u{1f3ff}]\ufe0f?|\ufe0f)?(?:\u200d(?=\p{Extended_Pictographic}))?|\p{Emoji}\ufe0f|[\u0620-\u0dff][\u200c\u200d](?=[\u0620-\u0dff]))|[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Marks on one letter; more would cover the lines around it. */
const PILED = /(\p{M}{4})\p{M}+/gu;

/**
 * A text of unknown origin for the screen: what would be invisible in it, or would turn what stands around it, is written as
 * `⟨U+202E⟩`. Line breaks are spaces.
 */
export function displayText(text: string): string {
  return text
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(PILED, '$1')
    .replace(UNSEEN, (character, joined?: string) => joined ?? codeOf(character));
}

/** A name as `displayText`, and at most 120 characters of it: the beginning and the end. */
export function displayName(name: string): string {
  const characters = name.length > 2 * WHOLE ? shortened(name) : [...name];
  if (characters.length <= WHOLE) return displayText(characters.join(''));
  const parts = [characters.slice(0, START), '…', characters.slice(-END)];
  return displayText(parts.flat().join('')).trim();
}

/** The ends of a name that may be of any length. */
function shortened(name: string): string[] {
  return [...name.slice(0, 2 * WHOLE), ...name.slice(-2 * END)];
}

function codeOf(character: string): string {
  const code = character.codePointAt(0)!.toString(16).toUpperCase();
  return `⟨U+${code.padStart(4, '0')}⟩`;
}
