import net from 'node:net';

/** A TCP proxy that can be closed for a while: what is sent then waits, and no connection is broken. */
export interface Gate {
  readonly address: string;
  hold(): void;
  /** Holds once clients have sent that many bytes more. */
  holdAfter(bytes: number): void;
  /** Holds once the server has answered that many bytes more. */
  holdAfterAnswers(bytes: number): void;
  /** Resolves as soon as the gate holds something back. */
  readonly held: () => Promise<void>;
  release(): void;
  stop(): Promise<void>;
}

/** `target` is like `http://127.0.0.1:8500`. */
export async function startGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<net.Socket>();
  const waiting = new Set<() => void>();
  let budget = Infinity;
  let answers = Infinity;
  let holding = Promise.withResolvers<undefined>();

  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk: Buffer) => {
      budget -= chunk.length;
      const send = (): void => {
        if (!upstream.write(chunk)) client.pause();
      };
      if (budget > 0) {
        send();
        return;
      }
      client.pause();
      waiting.add(() => {
        send();
        client.resume();
      });
      holding.resolve(undefined);
    });
    upstream.on('drain', () => client.resume());
    upstream.on('data', (chunk: Buffer) => {
      answers -= chunk.length;
      if (answers <= 0) budget = 0;
    });
    upstream.pipe(client);
    client.on('end', () => upstream.end());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');

  return {
    address: `http://127.0.0.1:${bound.port}`,
    hold: () => (budget = 0),
    holdAfter: (bytes) => (budget = bytes),
    holdAfterAnswers: (bytes) => (answers = bytes),
    held: () => holding.promise,
    release() {
      budget = answers = Infinity;
      holding = Promise.withResolvers();
      for (const go of waiting) go();
      waiting.clear();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
