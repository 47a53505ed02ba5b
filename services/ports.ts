import { createServer } from 'node:net';

/** Below the range from which systems take ports for outgoing connections, and above the well-known ones. */
const first = 20_000;
const last = 31_999;

/**
 * Ports on loopback that nothing listens on now. They are chosen at random, so that processes that choose at the
 * same moment hardly meet; who starts a server tries again when they do.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 1_000) throw new Error(`No free ports found between ${first} and ${last}.`);
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
