import { chmod, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { AdminErrorReason, AdminErrorReasonSchema } from "#gen/koder/admin/v1/errors_pb.ts";
import type { Outbound } from "../../host/call.ts";
import type { Config } from "../../host/config.ts";
import { reasonName } from "../../host/failure.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import type { Log } from "../../host/log.ts";
import { randomToken } from "../../vault/random.ts";
import { newApiKey } from "../api-keys/api-key.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { claimInstance, isInstanceClaimed } from "./claim-instance.ts";

/**
 * Creates the owner `admin` at the first start. What only this process knows is written before the claim is complete: the
 * API key to `admin-api-key`, and a password that was made here to `admin-password`, both mode 0600; on a terminal the
 * password is shown instead. After a crash in between, the next start writes and claims anew; after completion, nothing.
 */
export async function claimAtFirstStart(
  admin: Pick<AdminDependencies, "system" | "vault" | "peers" | "clock">,
  work: Outbound,
  { data, adminEmail, adminPassword }: Pick<Config, "data" | "adminEmail" | "adminPassword">,
  log: Log,
): Promise<void> {
  if (await isInstanceClaimed(admin)) return;
  const apiKey = newApiKey();
  const password = adminPassword ?? randomToken("", 15);
  const onTerminal = process.stdout.isTTY;
  await writePrivate(data, "admin-api-key", apiKey);
  if (adminPassword === undefined && !onTerminal) await writePrivate(data, "admin-password", password);
  try {
    await claimInstance(admin, work, {
      username: "admin",
      email: adminEmail,
      password,
      passwordChangeRequired: adminPassword === undefined,
      apiKey,
      // Nobody but this process asks, and without a claim it would not start.
      afterSignIn: true,
    });
  } catch (error) {
    const closed = reasonName(AdminErrorReasonSchema, AdminErrorReason.BOOTSTRAP_CLOSED);
    if (!(error instanceof ConnectError) || errorInfoOf(error)?.reason !== closed) throw namedSetting(error);
    log.warn("another process claimed the instance at the same moment; its files hold the credentials");
    return;
  }
  log.info({ apiKeyFile: join(data, "admin-api-key") }, "the owner admin was created");
  if (adminPassword === undefined && onTerminal) {
    process.stdout.write(
      `\n  Sign in as admin with the password ${password}\n  It must be changed at the first sign-in.\n`,
    );
  }
}

/** What whoever starts the server can change, where it is theirs: a field of the owner is a setting of theirs. */
const settingOf: Readonly<Record<string, string | undefined>> = {
  email: "KODER_ID_ADMIN_EMAIL",
  password: "KODER_ID_ADMIN_PASSWORD",
};

function namedSetting(error: unknown): unknown {
  const violations = error instanceof ConnectError ? error.findDetails(BadRequestSchema).at(0)?.fieldViolations : [];
  const broken = violations?.find(({ field }) => settingOf[field] !== undefined);
  return broken === undefined ? error : new Error(`${settingOf[broken.field]} ${broken.description}`, { cause: error });
}

/** Writes a file that its owner alone may read, durable before it answers. */
async function writePrivate(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  await rm(file, { force: true }); // an old one might have other rights
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(`${content}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(file, 0o600);
}
