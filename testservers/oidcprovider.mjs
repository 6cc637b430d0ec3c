// An OIDC provider for tests: npm's oidc-provider on loopback, and on the same port, under /control/, what a test
// wants to change: its keys, and faults. Started by oidc.py with the path of its configuration.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import Provider from 'oidc-provider';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const store = new Map();
const faults = new Map();
const counts = {};
const polled = new Map();

// Keeps everything until the end, also what has expired: the provider is to say so itself, and to see replays.
class Adapter {
  constructor(model) { this.model = model; }
  all() { return [...store].filter(([key]) => key.startsWith(`${this.model}:`)).map(([, value]) => value); }
  async find(id) { return store.get(`${this.model}:${id}`); }
  async findByUid(uid) { return this.all().find((value) => value.uid === uid); }
  async findByUserCode(code) { return this.all().find((value) => value.userCode === code); }
  async upsert(id, payload) { store.set(`${this.model}:${id}`, payload); }
  async consume(id) { (await this.find(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { store.delete(`${this.model}:${id}`); }
  async revokeByGrantId(grant) {
    for (const [key, value] of store) if (value.grantId === grant) store.delete(key);
  }
}

function make(issuer, keys) {
  const provider = new Provider(issuer, {
    adapter: Adapter,
    clients: config.clients,
    jwks: { keys },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'email', 'groups', '_claim_names', 'hasgroups', 'directory_id'] },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: config.algorithms },
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    ttl: config.ttl,
    findAccount: (ctx, id) => (config.users[id] ? { accountId: id, claims: async () => ({ sub: id, ...config.users[id] }) } : undefined),
  });
  provider.use(async (ctx, next) => {
    if (ctx.path === '/token' && ctx.method === 'POST') counts.token_posts = (counts.token_posts ?? 0) + 1;
    await next();
    if (ctx.path === '/device/auth' && ctx.body?.device_code) ctx.body = { ...ctx.body, interval: config.interval };
    const code = ctx.oidc?.params?.device_code;
    if (ctx.path === '/token' && code && ctx.body?.error === 'authorization_pending') {
      const before = polled.get(code);
      polled.set(code, Date.now());
      if (before && Date.now() - before < config.interval * 900) ctx.body = { error: 'slow_down' };
    }
  });
  return provider;
}

// reply: as told; silent: take the request and say nothing; drip: a byte every 200 ms; huge: for ever; drop: hang up.
function fail(fault, response) {
  const { mode = 'reply', status = 200, headers = {}, body = '' } = fault;
  if (mode === 'reply') return response.writeHead(status, headers).end(body);
  if (mode === 'drop') return response.socket.destroy();
  if (mode === 'silent') return undefined;
  response.writeHead(200, { 'content-type': 'application/json' });
  const write = () => response.write(mode === 'huge' ? `"${'x'.repeat(1 << 16)}",` : ' ');
  if (mode === 'huge') response.write('{"keys": [');
  const timer = setInterval(write, mode === 'huge' ? 1 : 200);
  return response.on('close', () => clearInterval(timer));
}

async function read(request) {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text || '{}');
}

let provider;
let callback;

async function control(path, request, response) {
  const told = await read(request);
  if (path === 'keys') {
    provider = make(issuer, told.keys);
    callback = provider.callback();
  } else if (path === 'fault') {
    const queue = faults.get(told.path) ?? [];
    for (let i = 0; i < told.times; i += 1) queue.push(told);
    faults.set(told.path, queue);
  } else if (path === 'mend') {
    faults.clear();
  } else if (path === 'user') {
    config.users[told.user] = told.claims;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(counts));
}

function answer(request, response) {
  const path = new URL(request.url, issuer).pathname;
  if (path.startsWith('/control/')) return control(path.slice('/control/'.length), request, response);
  counts[path] = (counts[path] ?? 0) + 1;
  const fault = faults.get(path)?.shift();
  return fault ? fail(fault, response) : callback(request, response);
}

const secure = config.tls && { cert: readFileSync(config.tls.certificate), key: readFileSync(config.tls.key) };
const server = secure ? createSecureServer(secure, answer) : createServer(answer);
let issuer;
server.listen(0, '127.0.0.1', () => {
  issuer = `${secure ? 'https://localhost' : 'http://127.0.0.1'}:${server.address().port}`;
  provider = make(issuer, config.keys);
  callback = provider.callback();
  console.log(`ISSUER ${issuer}`);
});
