// Templates for files that bring none, chosen by the control tokens of the vocabulary.

const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

// BitNet b1.58 2B-4T: microsoft/BitNet gpu/tokenizer.py, ChatFormat.
const BITNET =
  "{% for m in messages %}{{ (m['role'] | capitalize) + ': ' + (m['content'] | trim) + '<|eot_id|>' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

// A base model continues text, so it gets the text.
const PLAIN =
  "{% for m in messages %}{{ m['content'] }}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}";

/** The template for a vocabulary in which `has` tells the control tokens. */
export function fallbackTemplate(has: (control: string) => boolean): string {
  if (has('<|im_start|>') && has('<|im_end|>')) return CHATML;
  return has('<|eot_id|>') ? BITNET : PLAIN;
}
