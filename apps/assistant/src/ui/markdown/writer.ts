/** The elements that an answer may have. Nothing of what it says becomes another. */
export type Tag =
  | 'p'
  | 'br'
  | 'hr'
  | 'strong'
  | 'em'
  | 'del'
  | 'code'
  | 'pre'
  | 'blockquote'
  | 'ul'
  | 'ol'
  | 'li'
  | 'a'
  | 'h1'
  | 'h2'
  | 'h3'
  | 'h4'
  | 'h5'
  | 'h6'
  | 'table'
  | 'thead'
  | 'tbody'
  | 'tr'
  | 'th'
  | 'td';

/** Writes elements and text into the page; no HTML is read anywhere, so that there is none to be wary of. */
export class NodeWriter {
  #at: Node;
  #text = '';
  /** Elements written so far. */
  elements = 0;

  constructor(root: Node) {
    this.#at = root;
  }

  open(tag: Tag, attributes: Readonly<Record<string, string>> = {}): this {
    this.#flush();
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    this.#at.appendChild(element);
    this.#at = element;
    this.elements++;
    return this;
  }

  text(text: string): this {
    this.#text += text;
    return this;
  }

  close(): this {
    this.#flush();
    this.#at = this.#at.parentNode!;
    return this;
  }

  empty(tag: 'br' | 'hr'): this {
    return this.open(tag).close();
  }

  /** Writes what is pending at the end. */
  end(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#text !== '') this.#at.appendChild(document.createTextNode(this.#text));
    this.#text = '';
  }
}
