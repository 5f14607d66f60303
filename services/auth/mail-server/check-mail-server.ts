import type { MailServer as StoredServer } from "#gen/koder/auth/store/v1/mail_server_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { GuardedConnect } from "../../host/outbound/guarded-connect.ts";
import { shownLineFault } from "../../host/shown-line.ts";
import { authFailure } from "../auth-failure.ts";
import { mailPorts, portOf } from "./mail-server.ts";

/** MAIL_SERVER_INVALID, of one field. */
export const mailServerInvalid = (path: string, description: string) =>
  authFailure(AuthErrorReason.MAIL_SERVER_INVALID, `${path}: ${description}`, {
    violations: [{ field: `mail_server.${path}`, description }],
  });

/** Where a password is shown, and as whose. */
const bindsPassword = ["host", "port", "user_name"];

/**
 * Whether a mail server, as it would be, can be one. Without a host everything else is cleared: the operator's is meant. Throws
 * MAIL_SERVER_INVALID.
 */
export function checkMailServer(
  record: StoredServer,
  paths: readonly string[],
  connect: Pick<GuardedConnect, "mayReach">,
): void {
  if (record.host === "") {
    Object.assign(record, { port: 0, tls: 0, userName: "", sealedPassword: new Uint8Array(), senderAddress: "" });
    return;
  }
  if (!connect.mayReach({ host: record.host, port: portOf(record) })) {
    throw mailServerInvalid("port", `must be ${mailPorts.join(", ")}, or one that the operator exempts for this host`);
  }
  if (record.senderAddress === "") throw mailServerInvalid("sender_address", "must be set, where a host is");
  const nameFault = shownLineFault(record.userName);
  if (nameFault !== undefined) throw mailServerInvalid("user_name", nameFault);
  const hasPassword = record.sealedPassword.length > 0;
  if (hasPassword && !paths.includes("password") && paths.some((path) => bindsPassword.includes(path))) {
    throw mailServerInvalid("password", `must be sent again beside ${bindsPassword.join(", ")}`);
  }
  if (hasPassword === (record.userName !== "")) return;
  throw hasPassword
    ? mailServerInvalid("user_name", "must be set, where a password is")
    : mailServerInvalid("password", "must be set, where a user name is");
}
