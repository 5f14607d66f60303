import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Where these ports are: below those that systems give to connections going out and to whoever asks for any port
 * (Linux from 32768, others from 49152). One of those may be somebody else's by the time that its server starts.
 */
const [lowest, highest] = [20_000, 32_000];

/** A port on loopback that nobody listens on: for a server whose own settings must name it before it is there. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port;
}

/** As many of them, all different, and so that each `beside` above one of them is free as well. */
export async function freePorts(count: 1, beside?: number): Promise<readonly [number]>;
export async function freePorts(count: number, beside?: number): Promise<readonly number[]>;
export async function freePorts(count: number, beside = 0): Promise<readonly number[]> {
  const found = new Set<number>();
  const taken = new Set<number>();
  while (found.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    const wanted = [...new Set([port, port + beside])];
    if (wanted.some((one) => taken.has(one)) || !(await areFree(wanted))) continue;
    for (const one of wanted) taken.add(one);
    found.add(port);
  }
  return [...found];
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await isFree(port))) return false;
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, "127.0.0.1");
    await once(probe, "listening");
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((closed) => void probe.close(closed));
  }
}
