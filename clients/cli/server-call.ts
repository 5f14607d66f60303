import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
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

/**
 * A client of a service at the server that `--url` names, `http://localhost:8080` if it names none. It calls with the API
 * key of `KODER_ID_API_KEY`, of the file that `--api-key-file` names, or of the first start's `admin-api-key` in the data
 * folder. Throws UsageError where there is none, or where it would travel in the open.
 */
export function serverClient<Service extends DescService>(
  service: Service,
  { values }: Arguments,
  { env }: Terminal,
): Client<Service> {
  const url = originOf(values["url"] ?? "http://localhost:8080");
  const apiKey = apiKeyOf(values["api-key-file"], env);
  const tenant = values["tenant"];
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${apiKey}`);
    if (typeof tenant === "string") request.header.set("x-koder-tenant", tenant);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [authorize],
    defaultTimeoutMs: patience,
  });
  return createClient(service, transport);
}

/** What a failed call is told as: its message, its reason, and where it was sent. */
export async function called<Answer>(args: Arguments, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const reason = error.findDetails(ErrorInfoSchema)[0]?.reason;
    if (reason !== undefined) throw new Error(`${error.rawMessage} (${reason})`, { cause: error });
    const url = String(args.values["url"] ?? "http://localhost:8080");
    const away = error.code === Code.Unavailable || error.code === Code.Unknown;
    throw new Error(away ? `${url} cannot be reached: ${error.rawMessage}` : error.rawMessage, { cause: error });
  }
}

const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function originOf(text: string | boolean): string {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:") || `${url.origin}/` !== url.href) {
    throw new UsageError("--url must be an origin such as https://id.example.com");
  }
  if (url.protocol === "http:" && !loopback.test(url.hostname)) {
    throw new UsageError("--url must be https: an API key does not travel in the open");
  }
  return url.origin;
}

function apiKeyOf(file: string | boolean | undefined, env: Terminal["env"]): string {
  const given = env["KODER_ID_API_KEY"];
  if (file === undefined && given !== undefined && given !== "") return given.trim();
  const path = typeof file === "string" ? file : join(env["KODER_ID_DATA"] ?? "./data", "admin-api-key");
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
