import type { GenerateStats } from '@pocketbit/engine';
import { expect, test } from 'vitest';
import type { GenerateEvent } from '../protocol.ts';
import { TokenStream } from './stream.ts';

const STATS: GenerateStats = {
  promptTokens: 3,
  cachedTokens: 0,
  generatedTokens: 2,
  promptMs: 1,
  firstTokenMs: 1,
  decodeMs: 1,
  tokensPerSecond: 1,
  stopReason: 'eos',
};

/** A stream, and the worker's end of its port. */
function open(signal?: AbortSignal) {
  const { port1, port2 } = new MessageChannel();
  const commands: unknown[] = [];
  port2.onmessage = ({ data }) => commands.push(data);
  const stream = new TokenStream(port1, signal);
  const send = (...events: GenerateEvent[]) => {
    for (const event of events) port2.postMessage(event);
  };
  return { stream, send, commands, close: () => port2.close() };
}

const chunk = (text: string, ...ids: number[]): GenerateEvent => ({
  type: 'chunk',
  chunk: { text, ids },
});

test('chunks come in order, then the result with its stats', async () => {
  const { stream, send, close } = open();
  send(chunk('a', 1), chunk('b', 2), { type: 'end', stats: STATS });
  const seen: string[] = [];
  for await (const part of stream) seen.push(part.text);
  expect(seen).toEqual(['a', 'b']);
  expect(await stream.result).toEqual({ text: 'ab', ids: [1, 2], stats: STATS });
  expect(stream.stats).toEqual(STATS);
  close();
});

test('leaving the loop asks the worker to stop', async () => {
  const { stream, send, commands, close } = open();
  send(chunk('a', 1));
  for await (const _ of stream) break;
  await expect.poll(() => commands).toEqual([{ type: 'abort' }]);
  close();
});

test('an abort signal asks the worker to stop', async () => {
  const controller = new AbortController();
  const { commands, close } = open(controller.signal);
  controller.abort();
  await expect.poll(() => commands).toEqual([{ type: 'abort' }]);
  close();
});

test('what the model still made when it was stopped is no part of the answer', async () => {
  const controller = new AbortController();
  const { stream, send, close } = open(controller.signal);
  send(chunk('a', 1));
  const seen: string[] = [];
  for await (const part of stream) {
    seen.push(part.text);
    controller.abort();
    send(chunk('b', 2), { type: 'end', stats: STATS });
  }
  expect(seen).toEqual(['a']);
  expect(await stream.result).toMatchObject({ text: 'a', ids: [1] });
  expect(stream.stats).toMatchObject({ generatedTokens: 1, stopReason: 'aborted' });
  close();
});

test('an error keeps its code, in the loop and in the result', async () => {
  const { stream, send, close } = open();
  send(chunk('a', 1), { type: 'error', error: { code: 'context-full', message: 'too long' } });
  const read = async () => {
    for await (const _ of stream);
  };
  await expect(read()).rejects.toMatchObject({ code: 'context-full', message: 'too long' });
  await expect(stream.result).rejects.toMatchObject({ code: 'context-full' });
  close();
});

test('a crash ends a waiting loop', async () => {
  const { stream, close } = open();
  const read = (async () => {
    for await (const _ of stream);
  })();
  stream.fail(new Error('gone'));
  await expect(read).rejects.toThrow('gone');
  close();
});
