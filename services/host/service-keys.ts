import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { generateServiceKey } from "../vault/service-token.ts";
import { serviceNames, type ServiceName } from "./call.ts";

/** The keys of service tokens, as one process has them. */
export interface ServiceKeys {
  /** The private keys of the services that this process serves. */
  readonly privateKeys: ReadonlyMap<ServiceName, KeyObject>;
  /** Every service's public keys; several while one is being replaced. */
  readonly publicKeys: ReadonlyMap<string, readonly KeyObject[]>;
  /** Reads the public keys again, so that a key may be replaced while others run. */
  readonly reload: () => Promise<void>;
}

/** Keys for all services in one process: nobody else ever needs to know them. */
export function makeServiceKeys(): ServiceKeys {
  const pairs = serviceNames.map((name) => [name, generateServiceKey()] as const);
  return {
    privateKeys: new Map(pairs.map(([name, { privateKey }]) => [name, privateKey])),
    publicKeys: new Map(pairs.map(([name, { publicKey }]) => [name, [publicKey]])),
    reload: async () => {},
  };
}

/** The private keys of services as PEM (PKCS #8), to be handed to another process over a channel of its own. */
export type WrittenServiceKeys = Readonly<Record<string, string>>;

export function writeServiceKeys({ privateKeys }: Pick<ServiceKeys, "privateKeys">): WrittenServiceKeys {
  const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" });
  return Object.fromEntries(Array.from(privateKeys, ([name, key]) => [name, pem(key)]));
}

/** The keys that another process wrote: those of all services. */
export function readServiceKeys(written: WrittenServiceKeys): ServiceKeys {
  const pairs = serviceNames.map((name) => [name, createPrivateKey(written[name] ?? "")] as const);
  return {
    privateKeys: new Map(pairs),
    publicKeys: new Map(pairs.map(([name, key]) => [name, [createPublicKey(key)]])),
    reload: async () => {},
  };
}

const privateFile = (folder: string, name: ServiceName) => join(folder, `${name}.key`);
const publicFile = (folder: string, name: ServiceName) => join(folder, `${name}.pub`);

/**
 * Reads a folder of keys: `<service>.key` (PKCS #8, mode 0600) for each service that is `here`, and `<service>.pub` (SPKI,
 * one or several) for every service. Throws with a sentence that names the file.
 */
export async function loadServiceKeys(folder: string, here: readonly ServiceName[]): Promise<ServiceKeys> {
  const privateKeys = new Map<ServiceName, KeyObject>();
  for (const name of here) {
    const file = privateFile(folder, name);
    const pem = await read(file);
    if (((await stat(file)).mode & 0o077) !== 0) {
      throw new Error(`the service key ${file} is open to others than its owner: set it to 0600`);
    }
    privateKeys.set(
      name,
      parsed(file, () => ed25519(createPrivateKey(pem))),
    );
  }
  const publicKeys = new Map<string, readonly KeyObject[]>();
  async function reload(): Promise<void> {
    for (const name of serviceNames) publicKeys.set(name, await readPublicKeys(publicFile(folder, name)));
  }
  await reload();
  for (const [name, key] of privateKeys) {
    const own = createPublicKey(key);
    if (publicKeys.get(name)?.some((one) => one.equals(own)) === true) continue;
    throw new Error(`the service key ${privateFile(folder, name)} belongs to none of the keys in ${name}.pub`);
  }
  return { privateKeys, publicKeys, reload };
}

const publicKeyBlock = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

async function readPublicKeys(file: string): Promise<readonly KeyObject[]> {
  const blocks = (await read(file)).match(publicKeyBlock) ?? [];
  if (blocks.length === 0) throw new Error(`the service key ${file} holds no public key`);
  return blocks.map((pem) => parsed(file, () => ed25519(createPublicKey(pem))));
}

/**
 * Makes the keys of these services in a folder. A service that has a key gets a second public key beside the first, and the
 * new private key in its place: once every process has read the `.pub` files again, which each does by itself, the processes
 * that sign may be started anew.
 */
export async function createServiceKeys(folder: string, names: readonly ServiceName[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const { privateKey, publicKey } = generateServiceKey();
    const before = await readFile(publicFile(folder, name), "utf8").catch(() => "");
    const kept = before.match(publicKeyBlock)?.at(-1);
    const published = publicKey.export({ type: "spki", format: "pem" });
    await write(publicFile(folder, name), kept === undefined ? published : `${kept}\n${published}`, 0o644);
    await write(privateFile(folder, name), privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
  }
}

async function write(file: string, content: string, mode: number): Promise<void> {
  const handle = await open(file, "w", mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`the service key ${file} cannot be read: make the folder with koder-id service-keys create`, {
      cause,
    });
  });
}

function parsed(file: string, parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch (cause) {
    // The message must not repeat what is in the file.
    throw new Error(`the service key ${file} is not an Ed25519 key in PEM`, { cause });
  }
}

function ed25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== "ed25519") throw new Error("another kind of key");
  return key;
}
