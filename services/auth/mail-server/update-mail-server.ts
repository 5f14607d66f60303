import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { MailServer as StoredServer } from "#gen/koder/auth/store/v1/mail_server_pb.ts";
import type { MailServer } from "#gen/koder/auth/v1/mail_server_pb.ts";
import {
  UpdateMailServerResponseSchema,
  type UpdateMailServerRequest,
  type UpdateMailServerResponse,
} from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { checkMayReachOwner } from "../../host/instance-reach.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { authenticationPolicies, authenticationPolicyId, mailServerId, mailServers } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { policyWithDefaults } from "../policy/authentication-policies.ts";
import { lockoutOf } from "../policy/lockout.ts";
import { checkMailServer, mailServerInvalid } from "./check-mail-server.ts";
import { mailServerMessage, passwordPlace } from "./mail-server.ts";

/** Changes the server that the tenant's mails go out by, all or nothing of what the mask names. */
export function updateMailServer(
  needs: Pick<
    AuthDependencies,
    "store" | "clock" | "vault" | "tenants" | "mailConnect" | "operatorsMail" | "smsAvailable"
  >,
) {
  const { vault, tenants, mailConnect } = needs;
  return async (request: UpdateMailServerRequest, context: HandlerContext): Promise<UpdateMailServerResponse> => {
    const call = callOf(context);
    // Who reads the mails can have a link for the owner's password.
    await checkMayReachOwner(tenants, call, "says where the default tenant's mails go");
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await changeTenantRecord(needs, call, place, {
      asked: request.mailServer,
      mask: request.updateMask,
      change: (path, asked) => change(path, asked, tenantVault),
      check: async (record, paths) => {
        checkMailServer(record, paths, mailConnect);
        if (record.host === "" && paths.includes("host")) await checkNotNeeded(needs, call);
      },
      event: (paths) => ({
        case: "mailServerUpdated",
        value: { $typeName: "koder.events.v1.MailServerUpdated", paths },
      }),
    });
    return create(UpdateMailServerResponseSchema, { mailServer: mailServerMessage(stored) });
  };
}

/** Throws MAIL_SERVER_INVALID where no mails would go out any more, and nobody could sign in without them. */
async function checkNotNeeded(
  { store, operatorsMail, smsAvailable }: Pick<AuthDependencies, "store" | "operatorsMail" | "smsAvailable">,
  call: Call,
): Promise<void> {
  if (operatorsMail) return;
  const stored = await store.tenant(call.tenantId).get(authenticationPolicies, authenticationPolicyId);
  const policy = policyWithDefaults(stored?.record);
  const without = lockoutOf(policy, { sms: smsAvailable, mails: false });
  if (without === undefined || lockoutOf(policy, { sms: smsAvailable, mails: true }) !== undefined) return;
  throw mailServerInvalid("host", `must be there as long as the authentication policy needs mails: ${without.path}`);
}

const place = { collection: mailServers, id: mailServerId, resourceType: "mail_server", name: "mail server" };

/** What one path of the mask changes. Throws MAIL_SERVER_INVALID for one that this call cannot. */
function change(path: string, asked: MailServer, vault: TenantVault): Partial<StoredServer> {
  const { host, port, tls, userName, password, senderAddress } = asked;
  switch (path) {
    case "host":
      return { host: host.toLowerCase() };
    case "port":
      return { port };
    case "tls":
      return { tls };
    case "user_name":
      return { userName };
    case "password":
      return {
        sealedPassword: password === "" ? new Uint8Array() : vault.seal(passwordPlace, Buffer.from(password, "utf8")),
      };
    case "sender_address":
      return { senderAddress };
    default:
      throw mailServerInvalid(path, "cannot be changed by this call");
  }
}
