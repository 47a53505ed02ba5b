import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../services/cache/command.ts';
import { installMissing } from '../../services/debian.ts';
import { startServer } from '../../services/server.ts';
import { type Docker, dockerAt } from './docker.ts';

export interface Engine {
  readonly docker: Docker;
  /** Whether it was started here, with nothing in it. */
  readonly own: boolean;
  stop(): Promise<void>;
}

/** The engine that is there; else one of Debian's, with all that is its own in a temporary folder. */
export async function openEngine(): Promise<Engine> {
  const there = dockerAt();
  if ((await there.attempt(['info'])).exit === 0)
    return { docker: there, own: false, stop: () => Promise.resolve() };
  await installMissing(
    ['dockerd', 'docker-compose', 'debootstrap'],
    'npm run test:image needs a Docker engine.',
  );
  return startEngine();
}

const forwarding = '/proc/sys/net/ipv4/ip_forward';

/** The tables that it writes to, as they are on a machine where nobody does. */
const noRules = [
  ...['*nat', ':PREROUTING ACCEPT', ':INPUT ACCEPT', ':OUTPUT ACCEPT', ':POSTROUTING ACCEPT', 'COMMIT'],
  ...['*filter', ':INPUT ACCEPT', ':FORWARD ACCEPT', ':OUTPUT ACCEPT', 'COMMIT'],
].join('\n');

async function startEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-docker-'));
  const host = `unix://${folder}/socket`;
  const docker = dockerAt(host);
  const rules = await run(['iptables-save'], { cwd: '/' });
  const forwarded = await readFile(forwarding, 'utf8');
  const leaveAsFound = async (): Promise<void> => {
    // It leaves its bridge, and its rules, where they were.
    await run(['ip', 'link', 'delete', 'docker0'], { cwd: '/' }).catch(() => undefined);
    await writeFile(join(folder, 'rules'), `${noRules}\n${rules}\n`);
    await run(['iptables-restore', join(folder, 'rules')], { cwd: '/' });
    await writeFile(forwarding, forwarded);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const server = await startServer({
      name: 'Docker',
      address: host,
      command: [
        ...['nice', '-n', '10', 'dockerd', '--host', host, '--pidfile', join(folder, 'pid')],
        ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
        ...['--mtu', await mtu()],
      ],
      ready: () => docker.run(['info']).then(() => undefined),
      cleanUp: leaveAsFound,
    });
    const stop = async (): Promise<void> => {
      // Containers outlive an engine that is killed because it takes too long to stop them.
      const running = (await docker.run(['ps', '--quiet'])).split('\n').filter((id) => id !== '');
      if (running.length > 0) await docker.run(['kill', ...running]);
      await server.stop();
    };
    return { docker, own: true, stop };
  } catch (error) {
    await leaveAsFound();
    throw error;
  }
}

/** Of the way out: larger packets of containers would be lost in silence. */
async function mtu(): Promise<string> {
  const route = await run(['ip', 'route', 'show', 'default'], { cwd: '/' });
  const name = /\bdev (\S+)/.exec(route)?.[1];
  return name === undefined ? '1500' : (await readFile(`/sys/class/net/${name}/mtu`, 'utf8')).trim();
}
