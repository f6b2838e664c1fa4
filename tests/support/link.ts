// A link to a far server: two network interfaces joined to each other, one here and one in the server's own network. To
// take them up and down a process must be in a network namespace of its own: `unshare --net`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from '../drivers/process.ts';
import { modelCache, root } from './paths.ts';

/** Addresses of documentation (RFC 5737), so that none is taken for one that means something. */
const FAR = '198.51.100.1';
const HERE = '198.51.100.2';
const NAME = 'pocketbit0';
const PEER = 'pocketbit1';

/** What makes a network namespace here, as a command; null where nothing does. */
export function ownNetwork(): string[] | null {
  const ways = [
    ['unshare', '--net'],
    ['unshare', '--map-root-user', '--net'],
  ];
  const works = ([command, ...rest]: string[]) => {
    try {
      const probe = `ip link add ${NAME} type veth peer name ${PEER}`;
      execFileSync(command!, [...rest, 'sh', '-c', probe], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  return ways.find(works) ?? null;
}

const run = (command: string, ...args: string[]) => execFileSync(command, args);
const ip = (line: string) => run('ip', ...line.split(' '));

export class Link {
  /** Of the far server, where it serves models; ends with a slash. */
  readonly url: string;
  /** The first byte of each request for a model. */
  readonly starts: number[] = [];
  readonly #server: ChildProcess;

  private constructor(
    server: ChildProcess,
    port: number,
    lines: ReturnType<typeof createInterface>,
  ) {
    this.#server = server;
    this.url = `http://${FAR}:${port}/`;
    lines.on('line', (start) => this.starts.push(Number(start)));
  }

  /** Sets the link up, with a server of the generated models behind it. */
  static async open(): Promise<Link> {
    ip('link set lo up');
    const site = JSON.stringify({ folders: { '/': modelCache } });
    const script = join(root, 'tests/support/far-server.mjs');
    const server = spawn('unshare', ['--net', process.execPath, script, site], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(server.stdout);
    const [port] = (await once(lines, 'line')) as [string];
    ip(`link add ${NAME} type veth peer name ${PEER} netns ${server.pid}`);
    const far = (line: string) =>
      run('nsenter', '-t', String(server.pid), '-n', ...line.split(' '));
    far(`ip addr add ${FAR}/24 dev ${PEER}`);
    far(`ip link set ${PEER} up`);
    ip(`addr add ${HERE}/24 dev ${NAME}`);
    const link = new Link(server, Number(port), lines);
    link.up();
    return link;
  }

  up(): void {
    ip(`link set ${NAME} up`);
    // An interface that goes down takes its routes with it.
    ip(`route replace default via ${FAR}`);
  }

  down(): void {
    ip(`link set ${NAME} down`);
  }

  async close(): Promise<void> {
    await endProcess(this.#server);
  }
}
