import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { assertRefused, downloaded, granted, startServer, withBucket } from './support.mjs';

const server = await startServer();
after(() => server.stop());

const own = () => withBucket(server);

test('upload gives the file', async () => {
  const { bucket, user } = await own();
  const { data: info } = granted(await bucket.getInfo());

  const { data } = granted(await bucket.upload('a.txt', 'hello', { tags: ['a'] }));

  assert.match(data._id, /^[0-9a-f]{24}$/);
  assert.match(data.uploadedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const [environment, inBucket, file] = new URL(data.publicPath).pathname.split('/').slice(2);
  assert.match(environment, /^[0-9a-f]{24}$/);
  assert.deepEqual([inBucket, file], [info._id, data._id]);
  assert.deepEqual(data, {
    _id: data._id,
    bucketId: info._id,
    fileName: 'a.txt',
    size: 5,
    encoding: '7bit',
    mimeType: 'text/plain',
    publicPath: data.publicPath,
    isPublic: true,
    uploadedAt: data.uploadedAt,
    updatedAt: data.uploadedAt,
    userId: user._id,
    tags: ['a'],
  });
});

for (const [what, body, options, bytes, mimeType] of [
  ['a text', 'höllo "quoted"', undefined, 'höllo "quoted"', 'text/plain'],
  ['an empty text', '', undefined, '', 'text/plain'],
  ['a Buffer', Buffer.from('hi'), { contentType: 'image/png' }, 'hi', 'image/png'],
  ['a Uint8Array', new Uint8Array([104, 105]), { contentType: 'application/x-b' }, 'hi', 'application/x-b'],
  ['a large Buffer', Buffer.alloc(5_000_000, 'x'), undefined, 'x'.repeat(5_000_000), 'text/plain'],
  ['a long Uint8Array', new Uint8Array(300).fill(120), undefined, 'x'.repeat(300), 'text/plain'],
  ['an object', { a: 1 }, { contentType: 'application/json' }, '{"a":1}', 'application/json'],
]) {
  test(`upload of ${what} from Node keeps its bytes`, async () => {
    const { bucket } = await own();

    const { data } = granted(await bucket.upload('a', body, options));

    assert.deepEqual([data.size, data.mimeType], [Buffer.byteLength(bytes), mimeType]);
    assert.deepEqual(await downloaded(bucket.file('a')), { type: mimeType, text: bytes });
  });
}

test('a Blob or a FormData from Node arrives as [object FormData] and is refused', async () => {
  const { bucket } = await own();
  const form = new FormData();
  form.append('file', new Blob(['hello']), 'a.txt');

  for (const body of [new Blob(['hello']), form]) {
    assertRefused(await bucket.upload('a.txt', body), 400, 'file_upload_error');
  }

  assert.deepEqual(granted(await bucket.listFiles()).data, []);
});

test('html uploaded with a charset is served as exactly text/html, and never run', async () => {
  const { bucket } = await own();
  const page = '<p>hello</p>';

  const { data } = granted(await bucket.upload('a.html', page, { contentType: 'text/html;charset=UTF-8' }));

  assert.equal(data.mimeType, 'text/html');
  const reply = await fetch(data.publicPath);
  assert.equal(reply.headers.get('content-type'), 'text/html');
  assert.equal(await reply.text(), page);
  assert.match(reply.headers.get('content-disposition'), /^attachment/);
  assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
  assert.match(reply.headers.get('content-security-policy'), /sandbox/);
});

test('a public file is loaded without any header, from every origin', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.png', Buffer.from('png'), { contentType: 'image/png' }));

  const reply = await fetch(data.publicPath);

  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('content-type'), 'image/png');
  assert.equal(reply.headers.get('access-control-allow-origin'), '*');
  assert.match(reply.headers.get('cache-control'), /^public/);
  assert.equal(await reply.text(), 'png');
});

test('a public file is loaded in parts and only when it changed', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', '0123456789'));
  const etag = (await fetch(data.publicPath)).headers.get('etag');

  const part = await fetch(data.publicPath, { headers: { range: 'bytes=2-4' } });
  assert.deepEqual([part.status, await part.text()], [206, '234']);
  const known = await fetch(data.publicPath, { headers: { 'if-none-match': etag } });
  assert.equal(known.status, 304);
  granted(await bucket.file('a.txt').replace('abc'));
  const changed = await fetch(data.publicPath, { headers: { 'if-none-match': etag } });
  assert.deepEqual([changed.status, await changed.text()], [200, 'abc']);
});

test('a private file is not accessible without its owner', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello', { isPublic: false }));

  assert.equal(data.isPublic, false);
  const reply = await fetch(data.publicPath);
  assert.equal(reply.status, 403);
  assert.equal((await reply.json()).errors[0].code, 'not_public');
  assert.equal((await downloaded(bucket.file('a.txt'))).text, 'hello');
});

test('an unknown public path is 404', async () => {
  const { bucket } = await own();
  const { data } = granted(await bucket.upload('a.txt', 'hello'));

  const reply = await fetch(data.publicPath.replace(data._id, '0'.repeat(24)));

  assert.equal(reply.status, 404);
  assert.equal((await reply.json()).errors[0].code, 'resource_not_found');
});

test('files are as private as their bucket unless told otherwise', async () => {
  const { bucket } = await own();
  granted(await bucket.makePrivate());

  assert.equal(granted(await bucket.upload('a.txt', 'a')).data.isPublic, false);
  assert.equal(granted(await bucket.upload('b.txt', 'b', { isPublic: true })).data.isPublic, true);
});

test('a taken name gets a number', async () => {
  const { bucket } = await own();
  const names = [];
  for (const text of ['one', 'two', 'three']) {
    names.push(granted(await bucket.upload('cat.png', text)).data.fileName);
  }

  assert.deepEqual(names, ['cat.png', 'cat-1.png', 'cat-2.png']);
  assert.equal((await downloaded(bucket.file('cat.png'))).text, 'one');
});

test('an avatar uploaded to root again and again keeps every public path', async () => {
  const { storage, user } = await own();
  const upload = async (text) => granted(await storage.bucket('root').upload(`user_${user._id}`, text)).data;

  const first = await upload('one');
  const second = await upload('two');

  assert.equal(await (await fetch(first.publicPath)).text(), 'one');
  assert.equal(await (await fetch(second.publicPath)).text(), 'two');
});

test('createBucket makes a missing bucket, and without it the upload is refused', async () => {
  const { storage, user } = await own();
  const bucket = storage.bucket(`made for ${user._id}`);

  assertRefused(await bucket.upload('a.txt', 'hello'), 400, 'bucket_not_found');
  granted(await bucket.upload('a.txt', 'hello', { createBucket: true }));

  assert.equal(granted(await bucket.exists()).data, true);
  assert.equal(granted(await bucket.file('a.txt').exists()).data, true);
});

test('file names with every kind of character survive', async () => {
  const { bucket } = await own();

  for (const name of ['my cat+dog.png', 'ä/ö?&=#%.txt', '../up.txt', '日本.txt']) {
    assert.equal(granted(await bucket.upload(name, name)).data.fileName, name);
    assert.equal((await downloaded(bucket.file(name))).text, name);
  }
});

test('a refused upload is told why, although it is still being sent', async () => {
  const { storage, bucket } = await own();
  const stranger = server.client('another key');
  const text = 'x'.repeat(7_000_000);

  assertRefused(await storage.bucket('nowhere').upload('t', text), 400, 'bucket_not_found');
  assertRefused(await bucket.upload('t', 'x'.repeat(100 * 1024 * 1024 + 1)), 413, 'request_body_size_too_large');
  assertRefused(await stranger.storage.bucket('root').upload('t', text), 401, 'invalid_client_key');
  const signedOut = server.client();
  signedOut.auth.setSession({ token: 'broken' });
  assertRefused(await signedOut.storage.bucket('root').upload('t', text), 401, 'invalid_session_token');
});
