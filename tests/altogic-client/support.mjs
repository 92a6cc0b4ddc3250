// What every test file needs: a server of its own, clients, accounts, mails.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import altogic from 'altogic';

const BINARY =
  process.env.LATCHKEY_BIN ?? fileURLToPath(new URL('../../target/release/latchkey', import.meta.url));
const READY = /^The embedded Altogic is ready at (\S+) with the client key (\S+)$/;
// The backstop against a call that nobody answers: it fails when its server is gone.
const LIFETIME_MS = 300_000;
const API_KEY = 'an API key for the tests';

/** Where mail links end unless a test says otherwise; nothing listens there. */
export const REDIRECT_URL = 'http://127.0.0.1:9/auth-redirect?from=mail';

/** Good enough for every account of the tests, and made of nobody's name or address. */
export const PASSWORD = 'correct horse battery staple';

let addresses = 0;

/** An address that no other test uses, with a plus, which the client sends unencoded. */
export function freshEmail() {
  addresses += 1;
  return `person+${addresses}@latchkey.example`;
}

/** A port that is free now, for a server whose address must be known before it starts. */
export async function freePort() {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address();
  holder.close();
  await once(holder, 'close');
  return port;
}

/** Starts `latchkey altogic` on a free port with a folder of its own; `settings` are its variables. */
export async function startServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-client-'));
  const env = {
    DATA_DIR: join(folder, 'data'),
    EMBEDDED_ADDR: '127.0.0.1:0',
    REDIRECT_URL,
    ALTOGIC_API_KEY: API_KEY,
    RUST_LOG: 'error',
    ...settings,
  };
  // The folder, so that no .env of the repository counts.
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(BINARY, ['altogic'], { cwd: folder, env, stdio, timeout: LIFETIME_MS });
  // A test file that breaks off before its `after` must not leave anything behind.
  const abandon = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const ended = new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  const [, url, key] = await Promise.race([
    ready(child),
    ended.then((code) => assert.fail(`${BINARY} ended with ${code} before it was ready`)),
  ]);
  return new Server(url.replace(/\/$/, ''), key, async () => {
    child.kill('SIGTERM');
    await ended;
    process.off('exit', abandon);
    await rm(folder, { recursive: true, force: true });
  });
}

async function ready(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const found = READY.exec(line);
    if (found) return found;
  }
  return new Promise(() => {});
}

class Server {
  constructor(url, key, stop) {
    Object.assign(this, { url, key, stop });
  }

  /** The official client, as an app makes it. */
  client(key = this.key, options = undefined) {
    return altogic.createClient(this.url, key, options);
  }

  /** The client of an app that also has the API key. */
  clientWithApiKey() {
    return this.client(this.key, { apiKey: API_KEY });
  }

  /** A client of a new, verified account, signed in, beside its user and session. */
  async signedIn(userData = {}) {
    const email = freshEmail();
    const trusted = this.clientWithApiKey();
    const made = await trusted.auth.signUpWithEmail(email, PASSWORD, { ...userData, emailVerified: true });
    assert.equal(made.errors, null);
    const client = this.client();
    client.auth.setSession(made.session);
    return { client, email, user: made.user, session: made.session };
  }

  /** The mails to an address, newest first: `{subject, text, html, links}`. */
  async mails(to) {
    const reply = await fetch(`${this.url}/outbox.json?to=${encodeURIComponent(to)}`);
    return reply.json();
  }

  /** The link of the newest mail to an address. */
  async link(to) {
    const [mail] = await this.mails(to);
    assert.ok(mail, `there is a mail to ${to}`);
    const link = mail.links.find((link) => link.includes('/_auth/verify'));
    assert.ok(link, `the mail “${mail.subject}” has a link`);
    return link;
  }

  /** Opens that link and gives the query with which it ends at the app. */
  async follow(to) {
    return redirected(await this.link(to));
  }
}

/** The query of the URL to which a link redirects. */
export async function redirected(link) {
  const reply = await fetch(link, { redirect: 'manual' });
  assert.equal(reply.status, 302);
  return Object.fromEntries(new URL(reply.headers.get('location')).searchParams);
}

/** Checks that a call was refused with these codes, one for each item, in the documented form. */
export function assertRefused(result, status, ...codes) {
  assert.ok(result.errors, `refused with ${codes}, not ${JSON.stringify(result)}`);
  assert.deepEqual(
    { status: result.errors.status, codes: result.errors.items.map((item) => item.code) },
    { status, codes },
  );
  for (const item of result.errors.items) {
    assert.equal(item.origin, 'client_error');
    assert.equal(typeof item.message, 'string');
    assert.ok(item.details === undefined || typeof item.details === 'object');
  }
  for (const [name, value] of Object.entries(result)) {
    if (name !== 'errors') assert.equal(value, null, `${name} of a refused call`);
  }
}

/** Gives the result of a call that must not be refused. */
export function granted(result) {
  assert.equal(result.errors ?? null, null);
  return result;
}

/** A signed-in account with a bucket of its own. */
export async function withBucket(server) {
  const { client, user } = await server.signedIn();
  const name = `of ${user._id}`;
  granted(await client.storage.createBucket(name));
  return { user, storage: client.storage, bucket: client.storage.bucket(name), name };
}

/** Type and text of a file by the client's own download. */
export async function downloaded(file) {
  const { data } = granted(await file.download());
  return { type: data.type, text: await data.text() };
}
