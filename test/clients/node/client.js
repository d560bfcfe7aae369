// SPDX-License-Identifier: Apache-2.0

// Drives the echo server with grpc-js, on Node's own HTTP/2.
//
//	node client.js SOCKET      prints a line for each check and a count; fails where one fails
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { createRequire } = require('node:module');

// The packages are installed in the build directory, not beside this file.
const grpc = createRequire(`${process.cwd()}/`)('@grpc/grpc-js');
const { version } = createRequire(`${process.cwd()}/`)('@grpc/grpc-js/package.json');

const SERVICE = '/csicore.test.Echo/';
const MESSAGE_LIMIT = 4 << 20;
const CALL_TIMEOUT_MS = 30_000;
const GZIP = 2;
const socket = process.argv[2];

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) | 128);
  bytes.push(number);
  return Buffer.from(bytes);
}

function bytesValue(payload) {
  return payload.length ? Buffer.concat([Buffer.from([0x0a]), varint(payload.length), payload]) : payload;
}

function uint64Value(number) {
  return Buffer.concat([Buffer.from([0x08]), varint(number)]);
}

function failRequest(code, message) {
  const text = Buffer.from(message);
  return Buffer.concat([Buffer.from([0x08]), varint(code), Buffer.from([0x12]), varint(text.length), text]);
}

function connect(options = {}) {
  // Each client has a connection of its own.
  return new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(),
    { 'grpc.use_local_subchannel_pool': 1, ...options });
}

// Starts a call: { reply: a promise of the reply's bytes, call: what cancels it }.
function start(client, method, request, { timeoutMs = CALL_TIMEOUT_MS, metadata = new grpc.Metadata() } = {}) {
  const path = method.startsWith('/') ? method : SERVICE + method;
  const bytes = (buffer) => buffer;
  let call;
  const reply = new Promise((resolve, reject) => {
    call = client.makeUnaryRequest(path, bytes, bytes, request, metadata, { deadline: Date.now() + timeoutMs },
      (error, received) => (error ? reject(error) : resolve(received)));
  });
  return { reply, call };
}

async function echo(client, method, size, options) {
  const request = bytesValue(crypto.randomBytes(size));
  const reply = await start(client, method, request, options).reply;
  assert.ok(reply.equals(request), `${size} bytes came back changed`);
}

async function expectCode(reply, code) {
  await assert.rejects(reply, (error) => {
    assert.equal(grpc.status[error.code], grpc.status[code], error.details);
    return true;
  });
}

async function withConnection(options, use) {
  const client = connect(options);
  try {
    await use(client);
  } finally {
    client.close();
  }
}

const checks = {
  async 'echoes of every size'(client) {
    for (const method of ['Echo', 'EchoWorker']) {
      for (const size of [0, 1, 16384, 65535, 65536 + 1, MESSAGE_LIMIT - 5]) await echo(client, method, size);
    }
  },

  async 'message over the limit is refused'(client) {
    const request = bytesValue(Buffer.alloc(MESSAGE_LIMIT - 5 + 1));
    await expectCode(start(client, 'Echo', request).reply, grpc.status.RESOURCE_EXHAUSTED);
    await echo(client, 'Echo', 1);
  },

  async 'big reply'(client) {
    for (const size of [1, 65536 + 1, MESSAGE_LIMIT - 5]) {
      const reply = await start(client, 'Big', uint64Value(size)).reply;
      assert.equal(reply.length, bytesValue(Buffer.alloc(size)).length);
    }
  },

  async 'hundred calls at once'(client) {
    for (const method of ['Echo', 'EchoWorker']) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => echo(client, method, 1 + i * 700)));
    }
  },

  async 'deadline passes'(client) {
    const started = Array.from({ length: 20 }, () => start(client, 'Sleep', uint64Value(600_000), { timeoutMs: 50 }));
    await Promise.all(started.map(({ reply }) => expectCode(reply, grpc.status.DEADLINE_EXCEEDED)));
    await echo(client, 'EchoWorker', 1);
  },

  async 'cancelled calls free the server'(client) {
    for (let round = 0; round < 20; round++) {
      const started = Array.from({ length: 10 }, () => start(client, 'Sleep', uint64Value(600_000)));
      setImmediate(() => started.forEach(({ call }) => call.cancel()));
      await Promise.all(started.map(({ reply }) => expectCode(reply, grpc.status.CANCELLED)));
    }
    await echo(client, 'EchoWorker', 1);
  },

  async 'unknown names are UNIMPLEMENTED'(client) {
    for (const path of [`${SERVICE}Nothing`, `${SERVICE}echo`, '/csicore.test.Nothing/Echo', `${SERVICE}Echo/Echo`]) {
      await expectCode(start(client, path, Buffer.alloc(0)).reply, grpc.status.UNIMPLEMENTED);
    }
  },

  async 'every status code arrives'(client) {
    for (let code = grpc.status.CANCELLED; code <= grpc.status.UNAUTHENTICATED; code++) {
      await expectCode(start(client, 'Fail', failRequest(code, 'because')).reply, code);
    }
  },

  async 'odd status messages arrive intact'(client) {
    for (const message of ['größer als 100 % – 容量不足 \u{1f4be}', '%41', 'two\nlines\tand a tab', 'ü'.repeat(500)]) {
      const { reply } = start(client, 'Fail', failRequest(grpc.status.FAILED_PRECONDITION, message));
      await assert.rejects(reply, (error) => {
        assert.equal(error.details, message);
        return true;
      });
    }
  },

  async 'compressed request is UNIMPLEMENTED'() {
    await withConnection({ 'grpc.default_compression_algorithm': GZIP }, async (client) => {
      await expectCode(start(client, 'Echo', bytesValue(Buffer.alloc(1000))).reply, grpc.status.UNIMPLEMENTED);
    });
  },

  async 'connection for each call'() {
    for (let i = 0; i < 100; i++) await withConnection({}, (client) => echo(client, 'Echo', i));
  },

  async 'any :authority is served'() {
    for (const authority of ['/var/lib/kubelet/plugins/x/csi.sock', '%2Frun%2Fcsi.sock', 'localhost', 'user@host:1']) {
      await withConnection({ 'grpc.default_authority': authority }, (client) => echo(client, 'Echo', 1));
    }
  },

  async 'metadata is taken'(client) {
    const metadata = new grpc.Metadata();
    metadata.add('x-text', 'some text');
    metadata.add('x-raw-bin', Buffer.from([0, 255, 128]));
    metadata.add('x-raw-bin', Buffer.from('again'));
    metadata.add('x-long', 'v'.repeat(4000));
    await echo(client, 'Echo', 1, { metadata });
  },
};

async function main() {
  if (process.argv.length !== 3) {
    console.error('usage: client.js SOCKET');
    process.exit(2);
  }
  let passed = 0;
  let failed = 0;
  await withConnection({}, async (client) => {
    for (const [name, check] of Object.entries(checks)) {
      try {
        await check(client);
        passed++;
        console.log(`ok     ${name}`);
      } catch (error) {
        failed++;
        console.log(`FAILED ${name}\n${error.stack}`);
      }
    }
  });
  console.log(`grpc-js@${version}: ${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

main();
