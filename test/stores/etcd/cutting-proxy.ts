import net from 'node:net';

/** A TCP proxy whose answers can be cut off, changed, or counted. */
export interface CuttingProxy {
  readonly address: string;
  /** Bytes that went to the client. */
  readonly sent: () => number;
  /** Called once, when so many bytes have gone to the client; `change` may change them first. */
  at(
    bytes: number,
    then: { readonly cut?: boolean; readonly flip?: boolean; readonly call?: () => void },
  ): void;
  stop(): Promise<void>;
}

/** `target` is like `http://127.0.0.1:2379`. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<net.Socket>();
  let sent = 0;
  let next: { readonly bytes: number; readonly then: Parameters<CuttingProxy['at']>[1] } | undefined;

  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (next !== undefined && sent >= next.bytes) {
        const { cut = false, flip = false, call } = next.then;
        next = undefined;
        call?.();
        if (cut) {
          client.destroy();
          upstream.destroy();
          return;
        }
        const middle = chunk.length >> 1;
        if (flip) chunk.writeUInt8(chunk.readUInt8(middle) ^ 1, middle);
      }
      if (!client.write(chunk)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return {
    address: `http://127.0.0.1:${bound.port}`,
    sent: () => sent,
    at: (bytes, then) => (next = { bytes: sent + bytes, then }),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
