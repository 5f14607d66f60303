import { create, type JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UserSchema as StoredUserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import {
  UpdateUserAttributesResponseSchema,
  UserService,
  type UpdateUserAttributesRequest,
  type UpdateUserAttributesResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { accountScopeOf } from "../../host/account-scopes.ts";
import { callOf, type Caller } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { violationsInWords } from "../../host/failure.ts";
import { holds } from "../../host/held-permissions.ts";
import { userOf } from "../../host/user-of.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { checkMayChange } from "../users/check-may-change.ts";
import { userUpdated } from "../users/user-events.ts";
import { userEtag, userMessage } from "../users/user-message.ts";
import { userChangedMeanwhile, userNotFound } from "../users/user-not-found.ts";
import type { TenantAttributes } from "./attribute-schemas.ts";
import { attributesOf, mergedAttributes, storedAttributes } from "./merged-attributes.ts";

/**
 * Sets attributes of a person. Whoever holds `users.write` sets any, as UpdateUser does; everybody sets those of their own that
 * the schema leaves to them, and takes away what it has no more.
 */
export function updateUserAttributes({
  store,
  clock,
  attributeSchemas,
}: Pick<IdentityDependencies, "store" | "clock" | "attributeSchemas">) {
  return (request: UpdateUserAttributesRequest, context: HandlerContext): Promise<UpdateUserAttributesResponse> =>
    changeLatest(request.etag, async () => {
      const call = callOf(context);
      const userId = userOf(call, request);
      const sent = request.attributes ?? {};
      const data = store.tenant(call.tenantId);
      const [stored, tenant] = await Promise.all([data.get(users, userId), attributeSchemas.get(call.tenantId)]);
      if (stored === undefined || stored.record.status === UserStatus.DELETED) throw userNotFound(userId);
      const others = notOwn(tenant, sent);
      const changesOwn = others.length === 0 && mayChangeOwn(call.caller, userId);
      if (holds(call.caller, "users.write") && !changesOwn) await checkMayChange(data, stored.record, call);
      else refuseOthers(others);
      if (request.etag !== "" && request.etag !== userEtag(stored.version)) throw userChangedMeanwhile();
      const now = clock();
      const before = attributesOf(stored.record);
      const attributes = mergedAttributes(tenant, before, sent, "attributes");
      const record = create(StoredUserSchema, {
        ...stored.record,
        attributesJson: storedAttributes(attributes),
        updateTime: timestampFromMs(now),
      });
      const version = stored.version + 1;
      // To take away what is no attribute is no change, and what was sent as its name could be anything.
      const paths = Object.keys(sent)
        .filter((name) => tenant.names.has(name) || Object.hasOwn(before, name))
        .map((name) => `attributes.${name}`);
      const isDone = await commitUnlessChanged(
        data,
        [replace(users, record, stored.version)],
        [userUpdated(call, now, record.id, version, paths)],
      );
      if (!isDone) throw userChangedMeanwhile();
      return create(UpdateUserAttributesResponseSchema, { user: userMessage({ record, version }) });
    });
}

/** Whether a credential lets its person change their own account, whatever they may do to those of others. */
const mayChangeOwn = (caller: Caller, userId: string): boolean =>
  caller.kind === "user" &&
  caller.userId === userId &&
  caller.scopes.has(accountScopeOf(UserService.method.updateUserAttributes));

/**
 * The names among those sent that are not for people to set. What another schema has left over they may take away: it stands in the
 * way of everything else that they set.
 */
const notOwn = ({ names, selfWritable }: TenantAttributes, sent: JsonObject): readonly string[] =>
  Object.entries(sent)
    .filter(([name, value]) => !selfWritable.has(name) && (value !== null || names.has(name)))
    .map(([name]) => name);

function refuseOthers(names: readonly string[]): void {
  if (names.length === 0) return;
  const violations = names.map((name) => ({
    field: `attributes.${name}`,
    description: "is not for people to set themselves",
  }));
  throw identityFailure(IdentityErrorReason.ATTRIBUTE_NOT_WRITABLE, violationsInWords(violations), { violations });
}
