// Templates for files that bring none, or one that cannot be theirs.

/** How conversations are written, and what of the text ends an answer besides the stop ids. */
export interface ChatFormat {
  readonly template: string;
  readonly stopStrings: readonly string[];
}

/** What is known of a file when its format is chosen. */
export interface ChatFacts {
  /** `tokenizer.chat_template`. */
  readonly template: string | undefined;
  /** `tokenizer.ggml.pre`. */
  readonly preTokenizer: string | undefined;
  /** Whether the vocabulary has this control token. */
  has(control: string): boolean;
}

const CHATML: ChatFormat = {
  template:
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}" +
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  stopStrings: [],
};

// BitNet b1.58 2B-4T: microsoft/BitNet gpu/tokenizer.py, ChatFormat.
const BITNET: ChatFormat = {
  template:
    "{% for m in messages %}{{ (m['role'] | capitalize) + ': ' + (m['content'] | trim) + '<|eot_id|>' }}" +
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}",
  stopStrings: [],
};

// Falcon-E stalls on the ChatML it declares; with names before the turns it answers, and then goes on
// with the user's next turn.
const FALCON: ChatFormat = {
  template:
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ (m['content'] | trim) + '\\n\\n' }}" +
    "{% else %}{{ ('User: ' if m['role'] == 'user' else 'Falcon: ') + (m['content'] | trim) + '\\n' }}{% endif %}" +
    "{% endfor %}{% if add_generation_prompt %}{{ 'Falcon:' }}{% endif %}",
  stopStrings: ['\nUser:', '\nFalcon:'],
};

// A base model continues text, so it gets the text.
const PLAIN: ChatFormat = {
  template:
    "{% for m in messages %}{{ m['content'] }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}",
  stopStrings: [],
};

/** The file's own template where the vocabulary can write it, else one chosen by the vocabulary. */
export function formatOf(facts: ChatFacts): ChatFormat {
  const { template } = facts;
  if (template !== undefined && !isForeign(template, facts)) return { template, stopStrings: [] };
  if (facts.preTokenizer === 'falcon_e') return FALCON;
  if (facts.has('<|im_start|>') && facts.has('<|im_end|>')) return CHATML;
  return facts.has('<|eot_id|>') ? BITNET : PLAIN;
}

/**
 * A template whose turns need a token that the vocabulary lacks, or that of an earlier BitNet than the
 * 2B-4T in whose file it is found.
 */
function isForeign(template: string, { has }: ChatFacts): boolean {
  const writesTurns = template.includes('<|im_start|>') && !has('<|im_start|>');
  return writesTurns || (template.includes('BITNETAssistant') && has('<|eot_id|>'));
}
