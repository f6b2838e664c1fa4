import { afterEach, expect, test, vi } from 'vitest';
import { blobFile, type Source, urlFile } from './sources.ts';

const { signal } = new AbortController();

const open: Source['open'] = (...asked) =>
  urlFile('https://models.test/m.gguf').sources[0]!.open(...asked);

function answer(body: BodyInit | null, init: ResponseInit): void {
  vi.stubGlobal('fetch', async () => new Response(body, init));
}

afterEach(() => vi.unstubAllGlobals());

test('an address loses its fragment, and the file name is its last part', () => {
  const file = urlFile('https://models.test/a/b%20c.gguf?v=1#here');
  expect(file).toMatchObject({
    key: 'https://models.test/a/b%20c.gguf?v=1',
    name: 'b c.gguf',
  });
});

test('size and offset of a partial answer come from Content-Range', async () => {
  answer('rest', { status: 206, headers: { 'content-range': 'bytes 6-9/10' } });
  const opened = await open(6, null, signal);
  expect(opened).toMatchObject({ offset: 6, size: 10 });
});

test('the length of a compressed body is not the size of the file', async () => {
  answer('abc', { headers: { 'content-length': '3', 'content-encoding': 'br' } });
  const opened = await open(0, null, signal);
  expect(opened).toMatchObject({ offset: 0, size: null });
});

test('a weak ETag cannot vouch for a range', async () => {
  answer('abc', { headers: { etag: 'W/"1"' } });
  const opened = await open(0, null, signal);
  expect(opened.validator).toBeNull();
});

const AT = 'Mon, 01 Jun 2020 00:00:';
test.each([
  ['a second before the answer', `${AT}00 GMT`, { date: `${AT}01 GMT` }, `${AT}00 GMT`],
  ['within its second', `${AT}01 GMT`, { date: `${AT}01 GMT` }, null],
  ['after it', `${AT}02 GMT`, { date: `${AT}01 GMT` }, null],
  ['long ago, the date of the answer hidden', `${AT}01 GMT`, {}, `${AT}01 GMT`],
  ['just now, the date of the answer hidden', new Date().toUTCString(), {}, null],
  ['never', 'never', { date: `${AT}01 GMT` }, null],
  ['long ago, beside a weak ETag', `${AT}01 GMT`, { etag: 'W/"1"' }, `${AT}01 GMT W/"1"`],
  ['just now, beside a strong ETag', new Date().toUTCString(), { etag: '"1"' }, '"1"'],
])(
  'a file that was changed %s: what vouches for it (fault 6)',
  async (_, modified, more, expected) => {
    answer('abc', { headers: { 'last-modified': modified, ...more } as HeadersInit });
    expect((await open(0, null, signal)).validator).toBe(expected);
  },
);

test.each([
  ['of another place', { 'content-range': 'bytes 5-9/10' }],
  ['of a compressed body', { 'content-range': 'bytes 6-9/10', 'content-encoding': 'gzip' }],
])('a part %s is none (fault 4)', async (_, headers) => {
  answer('rest', { status: 206, headers: headers as HeadersInit });
  await expect(open(6, null, signal)).rejects.toMatchObject({ code: 'network', permanent: false });
});

test.each([
  ['a missing file', { status: 404 }, 'network'],
  ['a web page', { headers: { 'content-type': 'text/html; charset=utf-8' } }, 'bad-model'],
])('%s is refused with code %3$s', async (_, init, code) => {
  answer('x', init);
  const opening = open(0, null, signal);
  await expect(opening).rejects.toMatchObject({ code });
});

test('an unreachable server is a network error, an offline device an offline one', async () => {
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('Failed to fetch');
  });
  const opening = () => open(0, null, signal);
  await expect(opening()).rejects.toMatchObject({ code: 'network' });
  vi.stubGlobal('navigator', { onLine: false });
  await expect(opening()).rejects.toMatchObject({ code: 'offline' });
});

test('a picked file is known by name, size and content', async () => {
  const key = async (text: string) => (await blobFile(new File([text], 'm.gguf'))).key;
  expect(await key('GGUF one')).toBe(await key('GGUF one'));
  expect(await key('GGUF one')).not.toBe(await key('GGUF two'));
});

test('a picked file that was taken away is to be picked again', async () => {
  const file = new File(['abcd'], 'm.gguf');
  const { holds } = await blobFile(file);
  const gone = Promise.reject(new DOMException('gone', 'NotReadableError'));
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockReturnValue(gone);
  const failure = await holds!({ chunkBytes: 4, hashes: ['x'] } as never, 0).catch(
    (error) => error,
  );
  vi.restoreAllMocks();
  expect(failure).toMatchObject({
    code: 'network',
    message: expect.stringContaining('Pick it again'),
  });
});
