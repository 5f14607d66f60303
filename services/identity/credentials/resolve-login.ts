import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResolveLoginResponseSchema,
  type ResolveLoginRequest,
  type ResolveLoginResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { emailKey, usernameKey } from "../users/login-names.ts";

/**
 * Finds the user of a login name. With `@` it is an address, as it stands. Without, it is first the local part
 * of an address in the tenant's default domain, then a username. Both are looked for whatever the first gives, so that the
 * work does not tell (security A23).
 */
export function resolveLogin({ store, tenants }: IdentityDependencies) {
  return async (request: ResolveLoginRequest, context: HandlerContext): Promise<ResolveLoginResponse> => {
    const call = callOf(context);
    const login = request.login.trim();
    const data = store.tenant(call.tenantId);
    const { defaultDomain } = await tenants.get(call);
    const isAddress = login.includes("@");
    const address = isAddress ? login : `${login}@${defaultDomain}`;
    const [byAddress, byName] = await Promise.all([
      data.find(users, "email", emailKey(address)),
      data.find(users, "username", usernameKey(login)),
    ]);
    const found = isAddress ? byAddress : ((defaultDomain === "" ? undefined : byAddress) ?? byName);
    // Of names with one key the same is found: the address of a name without `@` follows from what it is as a username.
    const loginKey = isAddress ? emailKey(address) : usernameKey(login);
    return create(ResolveLoginResponseSchema, { userId: found?.record.id ?? "", loginKey });
  };
}
