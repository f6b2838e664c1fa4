import { describe, expect, it } from 'vitest';
import { COMMANDS, drawExamples, KINDS, parseAction, TEST_DRAW, testPrompts } from './index.js';

const KEYS: Record<string, string> = {
  timer: 'action,duration',
  reminder: 'action,text,when',
  note: 'action,text',
  convert: 'action,value,from,to',
  calculate: 'action,expression',
  unknown: 'action',
};

function keysFor(kind: string, op: string | undefined): string | undefined {
  if (kind !== 'list') return KEYS[kind];
  return op === 'show' ? 'action,op,list' : 'action,op,list,item';
}

describe('generator', () => {
  const examples = drawExamples(1_000_123, 3000);
  const commands = examples.filter(({ kind }) => kind !== 'story');

  it('draws the same examples for the same seed and others for another', () => {
    expect(drawExamples(5, 50)).toEqual(drawExamples(5, 50));
    expect(drawExamples(5, 50)).not.toEqual(drawExamples(6, 50));
  });

  it('draws every kind, and only the kinds asked for', () => {
    expect(new Set(examples.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    const timers = drawExamples(1_000_001, 40, { kinds: ['timer'] });
    expect(timers.every(({ kind }) => kind === 'timer')).toBe(true);
  });

  it('answers every command with one compact JSON action of its kind', () => {
    for (const { completion, kind } of commands) {
      const action = parseAction(completion);
      expect(action, completion).toBeDefined();
      expect(JSON.stringify(action)).toBe(completion);
      expect(action?.action).toBe(kind);
      const op = action?.action === 'list' ? action.op : undefined;
      expect(Object.keys(action ?? {}).join(), completion).toBe(keysFor(kind, op));
    }
  });

  it('copies texts, items and times from the prompt letter by letter', () => {
    for (const { prompt, completion } of commands) {
      const action = parseAction(completion);
      const copied =
        action?.action === 'reminder'
          ? [action.text, action.when]
          : action?.action === 'note'
            ? [action.text]
            : action?.action === 'list' && action.op !== 'show'
              ? [action.item]
              : [];
      for (const value of copied) expect(prompt).toContain(value);
    }
  });

  it('tells stories of 40 to 90 words', () => {
    const stories = drawExamples(1_000_002, 300, { kinds: ['story'] });
    for (const { completion } of stories) {
      const count = completion.split(' ').length;
      expect(count, completion).toBeGreaterThanOrEqual(40);
      expect(count, completion).toBeLessThanOrEqual(90);
    }
  });

  it('knows the prompts of the fixed test draw, which the training text leaves out', () => {
    const prompts = testPrompts();
    const fixed = drawExamples(TEST_DRAW.seed, TEST_DRAW.count, { kinds: COMMANDS });
    expect(fixed.every(({ prompt }) => prompts.has(prompt))).toBe(true);
    expect(prompts.size).toBeGreaterThan(900);
  });

  it('gives mostly new prompts under a test seed', () => {
    const seen = new Set(drawExamples(1, 20_000).map(({ prompt }) => prompt));
    const fresh = commands.filter(({ prompt }) => !seen.has(prompt));
    expect(fresh.length / commands.length).toBeGreaterThan(0.8);
  });
});
