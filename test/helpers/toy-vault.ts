// A toy with a few paths of Vault's API over one file of lines. The crash tests are tested with it:
// they must find nothing wrong with the careful one, and find out the others.
//
//   toy-vault.ts careful|forgetful|blind|trusting server -config=FILE
//
// careful: a line is synced before the answer, and read back only if its checksum is right;
// forgetful: it answers before it writes; blind: it writes, and never syncs; trusting: no checksums.
import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

interface Config {
  readonly listener: readonly { readonly tcp: { readonly address: string } }[];
  readonly storage: { readonly file: { readonly path: string } };
}
interface Secret {
  readonly value: unknown;
  deleted: boolean;
}
type Reply = readonly [number, unknown];
type Line = Readonly<Record<string, unknown>>;

const [, , manner = 'careful', , flag = ''] = process.argv;
const config = JSON.parse(fs.readFileSync(flag.split('=')[1] ?? '', 'utf8')) as Config;
const file = path.join(config.storage.file.path, 'lines');
const FORGETFUL_MS = 40;

const secrets = new Map<string, Secret[]>();
const tokens = new Map<string, string>();
const others = new Map<string, unknown>();
let [isInitialised, isSealed] = [false, true];

replay();
const [host, port] = (config.listener[0]?.tcp.address ?? '').split(':');
http
  .createServer((request, response) => {
    void serve(request, response);
  })
  .listen(Number(port), host);

async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
  const text = Buffer.concat(chunks).toString();
  const body = (text === '' ? {} : JSON.parse(text)) as Line;
  let reply: Reply;
  try {
    reply = answer(`${request.method} ${(request.url ?? '').replace('/v1/', '')}`, body);
  } catch (error) {
    reply = [500, { errors: [String(error)] }];
  }
  response.writeHead(reply[0], { 'content-type': 'application/json' });
  response.end(reply[1] === undefined ? '' : JSON.stringify(reply[1]));
}

function answer(asked: string, body: Line): Reply {
  if (asked === 'GET sys/health') return [isInitialised ? (isSealed ? 503 : 200) : 501, {}];
  if (asked === 'PUT sys/init') return init();
  if (asked === 'PUT sys/unseal') isSealed = false;
  const [, method = '', kind = '', key = '', version] =
    /^(\w+) (secret\/data|secret\/metadata|auth\/token)\/([^?]*)(?:\?(?:version|list)=(\w+))?$/.exec(
      asked,
    ) ?? [];
  if (kind === 'secret/data') return secret(method, key, Number(version ?? 0), body);
  if (kind === 'secret/metadata') return metadata(version === 'true', key);
  if (kind === 'auth/token') return token(key, body);
  return other(asked, body);
}

function init(): Reply {
  append({ kind: 'init' });
  return [200, { keys: ['00'], keys_base64: ['AA=='], root_token: 'root' }];
}

function secret(method: string, key: string, version: number, body: Line): Reply {
  const versions = secrets.get(key) ?? [];
  if (method === 'POST') {
    append({ kind: 'write', key, value: body['data'] });
    return [200, { data: { version: versions.length + 1 } }];
  }
  if (method === 'DELETE') {
    append({ kind: 'delete', key });
    return [204, undefined];
  }
  const found = versions[(version || versions.length) - 1];
  if (found === undefined) return [404, { errors: [] }];
  return found.deleted ? [404, { data: { data: null } }] : [200, { data: { data: found.value } }];
}

function metadata(isList: boolean, key: string): Reply {
  if (isList) return [200, { data: { keys: [...secrets.keys()] } }];
  const versions = secrets.get(key);
  if (versions === undefined) return [404, { errors: [] }];
  const kept = versions.map(({ deleted }, index) => [
    index + 1,
    { deletion_time: deleted ? 'now' : '' },
  ]);
  const data = {
    current_version: versions.length,
    versions: Object.fromEntries(kept.slice(-10)) as unknown,
  };
  return [200, { data }];
}

function token(action: string, body: Line): Reply {
  const id = typeof body['token'] === 'string' ? body['token'] : 'root';
  switch (action) {
    case 'create': {
      const made = { client_token: `s.${randomUUID()}`, accessor: randomUUID() };
      append({ kind: 'create', ...made });
      return [200, { auth: made }];
    }
    case 'revoke':
      append({ kind: 'revoke', token: id });
      return [204, undefined];
    case 'accessors':
      return [200, { data: { keys: [...tokens.values()] } }];
    case 'lookup-accessor': {
      const { accessor } = body;
      const isKnown = [...tokens.values()].includes(String(accessor));
      return isKnown ? [200, { data: { accessor } }] : [403, { errors: [] }];
    }
    default:
      return tokens.has(id) ? [200, { data: { accessor: tokens.get(id) } }] : [403, { errors: [] }];
  }
}

/** Anything else that is written can be read again. */
function other(asked: string, body: Line): Reply {
  const [method = '', at = ''] = asked.replace('?list=true', '').split(' ');
  if (method === 'POST' || method === 'PUT') {
    append({ kind: 'other', at, body });
    return [204, undefined];
  }
  const keys = [...others.keys()].filter((key) => key.startsWith(at));
  return [200, { data: { keys, value: others.get(at) } }];
}

function append(line: Line): void {
  apply(line);
  const text = JSON.stringify(line);
  const write = (): void => {
    const opened = fs.openSync(file, 'a');
    fs.writeSync(opened, `${checksum(text)} ${text}\n`);
    if (manner !== 'blind') fs.fsyncSync(opened);
    fs.closeSync(opened);
  };
  if (manner === 'forgetful') setTimeout(write, FORGETFUL_MS);
  else write();
}

function replay(): void {
  if (!fs.existsSync(file)) return;
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const [sum, text] = [line.slice(0, 8), line.slice(9)];
    const isWhole = manner === 'trusting' || sum === checksum(text);
    if (isWhole && text !== '') apply(JSON.parse(text) as Line);
    else if (line !== '' && index < lines.length - 1) damaged(index);
  }
  if ((lines.at(-1) ?? '') !== '') cutTail(lines);
}

/** The last line was never finished, so it was never acknowledged. */
function cutTail(lines: readonly string[]): void {
  const whole = lines.slice(0, -1).map((line) => `${line}\n`);
  fs.truncateSync(file, Buffer.byteLength(whole.join('')));
}

function damaged(index: number): never {
  console.error(`line ${index + 1} of ${file} is damaged`);
  process.exit(1);
}

function apply(line: Line): void {
  const key = String(line['key']);
  const versions = secrets.get(key) ?? [];
  switch (line['kind']) {
    case 'init':
      isInitialised = true;
      tokens.set('root', 'root accessor');
      break;
    case 'write':
      secrets.set(key, [...versions, { value: line['value'], deleted: false }]);
      break;
    case 'delete':
      for (const last of versions.slice(-1)) last.deleted = true;
      break;
    case 'create':
      tokens.set(String(line['client_token']), String(line['accessor']));
      break;
    case 'revoke':
      tokens.delete(String(line['token']));
      break;
    default:
      others.set(String(line['at']), line['body']);
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
