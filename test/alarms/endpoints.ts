import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface HeardRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** A real HTTP server that notes what it hears. */
export interface HttpEndpoint {
  readonly address: string;
  readonly heard: HeardRequest[];
  /** What it answers from now on. */
  answer: number;
  stop(): Promise<void>;
}

export async function startHttpEndpoint(): Promise<HttpEndpoint> {
  const heard: HeardRequest[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const { method = '', url = '', headers } = request;
      heard.push({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(endpoint.answer, { location: '/elsewhere' });
      response.end(`so it answers ${endpoint.answer}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint: HttpEndpoint = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    answer: 200,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}

export interface HeardMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As whom the sender logged in. */
  readonly user: string;
  /** With its headers. */
  readonly text: string;
}

/** A real SMTP server that asks for a password, and notes what it hears. */
export interface SmtpEndpoint {
  readonly port: number;
  readonly heard: HeardMail[];
  stop(): Promise<void>;
}

export async function startSmtpEndpoint(user: string, password: string): Promise<SmtpEndpoint> {
  const heard: HeardMail[] = [];
  const server = new SMTPServer({
    // Without a certificate, as on a loopback relay.
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      const fits = auth.username === user && auth.password === password;
      done(fits ? null : new Error('Invalid username or password'), { user: auth.username });
    },
    onData(stream, session, done) {
      void stream.toArray().then((chunks: Buffer[]) => {
        const { mailFrom, rcptTo } = session.envelope;
        heard.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: String(session.user),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    heard,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
