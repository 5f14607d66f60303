import type { HandlerContext } from "@connectrpc/connect";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { everyPermission } from "../../host/held-permissions.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import type { Authority } from "./authorities.ts";
import { clientSubject, userSubject } from "./subject.ts";

const everything: ReadonlySet<string> = new Set([everyPermission]);

/** What somebody may do, and whether that reaches the whole instance. */
export type EffectiveAuthority = Pick<Authority, "roles" | "permissions"> & { readonly instance: boolean };

/**
 * What a user may do now, by their roles; the owner of the instance everything, everywhere. Whether they may sign in is read
 * from the store each time. Undefined for whoever may not, or is not there.
 */
export async function authorityOfUser(
  { store, authorities }: Pick<IdentityDependencies, "store" | "authorities">,
  tenantId: string,
  userId: string,
): Promise<EffectiveAuthority | undefined> {
  const [stored, { roles, permissions }] = await Promise.all([
    store.tenant(tenantId).get(users, userId),
    authorities.of(tenantId, userSubject(userId)),
  ]);
  if (stored?.record.status !== UserStatus.ACTIVE) return undefined;
  const instance = stored.record.instanceOwner;
  return { roles, permissions: instance ? everything : permissions, instance };
}

/** What the user or client of a question may do; `me` is the caller. */
export async function askedAuthority(
  dependencies: Pick<IdentityDependencies, "store" | "authorities">,
  { userId, clientId }: { readonly userId: string; readonly clientId: string },
  context: HandlerContext,
): Promise<Pick<Authority, "roles" | "permissions">> {
  const call = callOf(context);
  const { tenantId } = call;
  if (clientId !== "") return dependencies.authorities.of(tenantId, clientSubject(clientId));
  return (
    (await authorityOfUser(dependencies, tenantId, userOf(call, { userId }))) ?? { roles: [], permissions: new Set() }
  );
}
