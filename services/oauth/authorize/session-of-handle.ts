import { LoginHandleService } from "#gen/koder/auth/v1/login_handle_internal_pb.ts";
import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** More than ours have. */
const longestHandle = 128;

/**
 * The session of whoever signed in by a flow outside of a browser, for a client that has authenticated; empty where the
 * request names no login handle. Last of all checks, because the handle is used up by it. Throws an OAuthRefusal for a handle
 * that is none of the client's, and where no PKCE challenge binds the code to who asks (security A33).
 */
export async function sessionOfHandle(
  peers: Peers,
  call: Call,
  { clientId, codeChallenge }: Pick<Authorization, "clientId" | "codeChallenge">,
  loginHandle: string,
): Promise<string> {
  if (loginHandle === "") return "";
  if (codeChallenge === "") throw new OAuthRefusal("invalid_request", "login_handle needs a code_challenge");
  const { sessionToken } =
    loginHandle.length > longestHandle
      ? { sessionToken: "" }
      : await peers.client(LoginHandleService).redeemLoginHandle({ loginHandle, clientId }, forward(call));
  if (sessionToken === "") {
    throw new OAuthRefusal("invalid_request", "login_handle is unknown, expired, used or of another client");
  }
  return sessionToken;
}
