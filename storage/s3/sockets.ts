/** What of an agent of `node:http` or `node:https` opens its sockets. */
interface Agent<Options, Opened, Socket> {
  createConnection(options: Options, opened?: Opened): Socket;
}

interface Emitter {
  emit(event: 'data', bytes: Buffer): boolean;
}

/** Bytes that one read of a socket brings at most: as many as libuv takes by itself. */
const readBytes = 1 << 16;

/**
 * Lets each socket of an agent read into the same memory again and again. Node gives every read new memory, copies the
 * body of an answer out of it, and leaves it to garbage collection, where glibc cannot give it back to the system.
 */
export function readInPlace<Options extends object, Opened, Socket extends Emitter | null | undefined>(
  agent: Agent<Options, Opened, Socket>,
): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, opened) => {
    const memory = Buffer.allocUnsafeSlow(readBytes);
    const onread = {
      buffer: memory,
      callback(bytes: number): boolean {
        socket?.emit('data', memory.subarray(0, bytes));
        return true;
      },
    };
    const socket = connect({ ...options, onread }, opened);
    return socket;
  };
}
