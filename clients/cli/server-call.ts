import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client, type Transport } from "@connectrpc/connect";
import { reason } from "../core/errors.ts";
import { parseOrigin } from "../core/origin.ts";
import { staticToken } from "../core/token-source.ts";
import { createTransport, type NodeClientOptions } from "../typescript/transport.ts";
import { UsageError, type Arguments, type Terminal } from "./command.ts";

/** Options of every command that calls a server. */
export const serverOptions = {
  url: { type: "string" },
  "api-key-file": { type: "string" },
  tenant: { type: "string" },
} as const;

/** How they are written behind a command's own. */
export const serverUsage = "[--url <origin>] [--api-key-file <file>] [--tenant <id or name>]";

/** How long a call may take, in milliseconds. */
const patience = 30_000;
const usualUrl = "http://localhost:8080";

/**
 * A client of a service at the server that `--url` names, `http://localhost:8080` if it names none. It calls with the API
 * key of `KODER_ID_API_KEY`, of the file that `--api-key-file` names, or of the first start's `admin-api-key` in the data
 * folder. Throws UsageError where there is none, or where it would travel in the open.
 */
export function serverClient<Service extends DescService>(
  service: Service,
  args: Arguments,
  terminal: Terminal,
): Client<Service> {
  // Whoever typed the command sees what happened, and repeats it.
  return createClient(service, serverTransport(args, terminal, { maxAttempts: 1 }));
}

/** The transport of such a client, for commands that make many calls; it repeats what may be repeated. */
export function serverTransport(
  { values }: Arguments,
  { env }: Terminal,
  options: Pick<NodeClientOptions, "maxAttempts"> = {},
): Transport {
  const url = originOf(values["url"] ?? usualUrl);
  const apiKey = apiKeyOf(values["api-key-file"], env);
  const tenant = values["tenant"];
  return createTransport(url, {
    tokenSource: staticToken(apiKey),
    tenant: typeof tenant === "string" ? tenant : undefined,
    timeoutMs: patience,
    ...options,
  });
}

/** What a failed call is told as: its message, its reason, and where it was sent. */
export async function called<Answer>(args: Arguments, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const refused = reason(error);
    if (refused !== undefined) throw new Error(`${error.rawMessage} (${refused})`, { cause: error });
    const url = String(args.values["url"] ?? usualUrl);
    const away = error.code === Code.Unavailable || error.code === Code.Unknown;
    throw new Error(away ? `${url} cannot be reached: ${error.rawMessage}` : error.rawMessage, { cause: error });
  }
}

function originOf(text: string | boolean): string {
  let origin: string;
  try {
    origin = parseOrigin(String(text), true);
  } catch {
    throw new UsageError("--url must be an origin such as https://id.example.com");
  }
  try {
    return parseOrigin(origin);
  } catch {
    throw new UsageError("--url must be https: an API key does not travel in the open");
  }
}

function apiKeyOf(file: string | boolean | undefined, env: Terminal["env"]): string {
  const given = env["KODER_ID_API_KEY"];
  if (file === undefined && given !== undefined && given !== "") return given.trim();
  const path = typeof file === "string" ? file : join(env["KODER_ID_DATA"] || "./data", "admin-api-key");
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch {
    throw new UsageError(
      typeof file === "string"
        ? `--api-key-file: ${path} cannot be read`
        : `there is no API key: set KODER_ID_API_KEY or name --api-key-file (${path} cannot be read)`,
    );
  }
  // What else is in a file that was named by mistake goes nowhere.
  if (!/^kak_[A-Za-z0-9_-]{1,250}$/.test(text)) throw new UsageError(`${path} holds no API key`);
  return text;
}
