// A program that looks like a dev server from afar: it says it is in service and answers every path
// with what it was asked. The conformance kit is tested with it.
import http from 'node:http';

const listen = process.argv.find((argument) => argument.startsWith('-dev-listen-address='));
const [host, port] = (listen?.split('=')[1] ?? '127.0.0.1:0').split(':');

http
  .createServer((request, response) => {
    void echo(request, response);
  })
  .listen(Number(port), host);

async function echo(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-method', method ?? '');
  response.end(
    JSON.stringify({
      method,
      path: url,
      token: headers['x-vault-token'] ?? null,
      body: Buffer.concat(chunks).toString(),
    }),
  );
}
