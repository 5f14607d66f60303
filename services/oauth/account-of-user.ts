import { Code, ConnectError } from "@connectrpc/connect";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import type { User } from "#gen/koder/identity/v1/user_pb.ts";
import type { Account } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward, type Call } from "../host/call.ts";
import type { OauthDependencies } from "./dependencies.ts";

/** A user by id; undefined when nobody has it any more. */
export async function userOf(
  { peers }: Pick<OauthDependencies, "peers">,
  call: Call,
  userId: string,
): Promise<User | undefined> {
  try {
    return (await peers.client(CredentialService).getClaims({ userId }, forward(call))).user;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined;
    throw error;
  }
}

/** Who a session belongs to, as a page shows it; undefined when its user is gone. */
export async function accountOfSession(
  dependencies: Pick<OauthDependencies, "peers">,
  call: Call,
  { id, userId }: Session,
): Promise<Account | undefined> {
  const user = await userOf(dependencies, call, userId);
  if (user === undefined) return undefined;
  const { name, username, email } = user;
  return { $typeName: "koder.oauth.v1.Account", sessionId: id, name, username, email };
}
