// What a model may answer to slow a page down: the shapes of markdown in which a reader that looks ahead or back is lost.

/** The issue's measure of an answer. */
export const ANSWER_CHARACTERS = 100_000;
const PIECE_CHARACTERS = 220;

/** The `i`th piece of each shape; pieces differ where `i` stands in them, so that no two are the same token of a model. */
export const SHAPES: Readonly<Record<string, (i: number) => string>> = {
  'emphasis that never ends': (i) => `a_*b${word(i)}`,
  'emphasis that ends at once': (i) => `*${word(i)}* **b** `,
  'underscores within words': (i) => `${word(i)}_a__b_`,
  'brackets that open': (i) => `[[[${word(i)}`,
  'brackets that close': (i) => `${word(i)}]](`,
  'links without an end': (i) => `[${word(i)}](http://a`,
  'whole links': (i) => `[${word(i)}](https://a.test/${word(i)}) `,
  'bare addresses': (i) => `https://a.test/${word(i)}?b=c, `,
  'images within links': (i) => `[![${word(i)}](`,
  'backticks of every length': (i) => `${'`'.repeat(1 + (i % 60))}${word(i)} `,
  'nested quotations': (i) => `${'> '.repeat(1 + (i % 40))}${word(i)}\n`,
  'nested lists': (i) => `${'  '.repeat(i % 40)}- ${word(i)}\n`,
  'a list after a list': (i) => `${i % 900}. ${word(i)}\n\n- b\n`,
  'tables of many columns': (i) =>
    i % 9 === 0 ? `\n|${'a|'.repeat(60)}\n|${'-|'.repeat(60)}\n` : `${`|${word(i)}`.repeat(9)}\n`,
  'tags of HTML': (i) => `<div a="">${word(i)} text <b>`,
  'tags without an end': (i) => `<a<${word(i)}<!--`,
  entities: (i) => `&amp;&${word(i)};&#x41;&`,
  'one long word': (i) => `${word(i)}xyz`,
  'lines of one character': (i) => `${word(i)[0]}\n\n`,
  'headings and rules': (i) => `# ${word(i)} #\n---\n${word(i)}\n===\n`,
  'a fence that never ends': (i) => `${i % 500 === 0 ? '\n```js\n' : ''}let ${word(i)} = 1;\n`,
  'strikes and escapes': (i) => `~~${word(i)}\\*\\~~~`,
  'spaces and tabs': (i) => `${' '.repeat(30)}\t${word(i)}${' '.repeat(20)}|`,
  'right to left and joined': (i) =>
    `\u202e${word(i)}\u05d0\u200d\u{1f469}\u200d\u{1f4bb}\u0301\u0301`,
};

/** The whole answer of a shape. */
export function answerOf(shape: (i: number) => string, characters = ANSWER_CHARACTERS): string {
  let text = '';
  for (let i = 0; text.length < characters; i++) text += shape(i);
  return text.slice(0, characters);
}

/** The `i`th of pieces of which 512 are an answer. */
export function pieceOf(shape: (i: number) => string): (i: number) => string {
  return (i) => {
    let text = '';
    for (let k = 0; text.length < PIECE_CHARACTERS; k++) text += shape(i * PIECE_CHARACTERS + k);
    return text + word(i);
  };
}

/** A number in letters. */
function word(i: number): string {
  let text = '';
  for (let left = i + 27; left > 0; left = Math.floor(left / 26)) {
    text += String.fromCharCode(97 + (left % 26));
  }
  return text;
}
