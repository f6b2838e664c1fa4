import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sha256 } from './sha256.ts';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (value: string) => new TextEncoder().encode(value);

// FIPS 180-4, and the examples of NIST's CAVP.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('the hash of "%s"', (message, hash) => {
  expect(hexOf(new Sha256().update(text(message)).digest())).toBe(hash);
});

test('every length around a block is padded right', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = new Uint8Array(length).fill(length);
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(hexOf(new Sha256().update(bytes).digest()), String(length)).toBe(expected);
  }
});

test('pieces of any size give the hash of the whole', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const running = new Sha256();
      const whole = createHash('sha256');
      for (const part of parts) {
        running.update(part);
        whole.update(part);
      }
      expect(hexOf(running.digest())).toBe(whole.digest('hex'));
    }),
  );
});
