import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AuthorizationSchema, type Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { ConsentSchema, ConsentedScopesSchema, type ConsentedScopes } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { authorizationGone } from "../authorize/pending-authorization.ts";
import { authorizations, consents } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { ScopeGroup } from "./scope-groups.ts";

/** What a person agrees to. */
export interface Agreement {
  readonly userId: string;
  readonly clientId: string;
  readonly groups: readonly ScopeGroup[];
}

/** Attempts at a commit that others race for: the person agrees, or takes it back, in another window. */
const attempts = 16;

/**
 * Adds what a person agrees to to what they have let the client have, and marks the request as agreed to by them, in one
 * commit. Answers the request as marked. Throws AUTHORIZATION_NOT_FOUND where the request is over by then.
 */
export async function giveConsent(
  { store, clock }: Pick<OauthDependencies, "store" | "clock">,
  call: Call,
  pending: Stored<typeof AuthorizationSchema>,
  { userId, clientId, groups }: Agreement,
): Promise<Authorization> {
  const data = store.tenant(call.tenantId);
  const id = consents.id(create(ConsentSchema, { userId, clientId }));
  let asked: Stored<typeof AuthorizationSchema> | undefined = pending;
  for (let attempt = 0; attempt < attempts && asked !== undefined; attempt++) {
    const before = await data.get(consents, id);
    const now = clock();
    const record = create(ConsentSchema, {
      userId,
      clientId,
      granted: withMore(before?.record.granted ?? [], groups),
      createTime: before?.record.createTime ?? timestampFromMs(now),
      updateTime: timestampFromMs(now),
    });
    const marked = create(AuthorizationSchema, { ...asked.record, consentedUserId: userId });
    const given = eventOf(
      call,
      now,
      { type: "consent", id, version: (before?.version ?? 0) + 1 },
      {
        case: "consentGiven",
        value: {
          $typeName: "koder.events.v1.ConsentGiven",
          clientId,
          userId,
          scopes: groups.flatMap(({ scopes }) => scopes.map(({ scope }) => scope)),
        },
      },
    );
    try {
      await data.commit(
        [
          before ? replace(consents, record, before.version) : insert(consents, record),
          replace(authorizations, marked, asked.version),
        ],
        [given],
      );
      return marked;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      // Gone where the person refused in another window: then there is nothing to agree to.
      asked = await data.get(authorizations, pending.record.idHash);
    }
  }
  if (asked === undefined) throw authorizationGone();
  throw failure(ErrorReason.CONFLICT, "the consent is being changed by too many others at once");
}

/** What was granted, with the groups' scopes beside it. */
function withMore(granted: readonly ConsentedScopes[], groups: readonly ScopeGroup[]): ConsentedScopes[] {
  const scopesOf = new Map(granted.map(({ resource, scopes }) => [resource, scopes] as const));
  for (const { resource, scopes } of groups) {
    scopesOf.set(resource, [...new Set([...(scopesOf.get(resource) ?? []), ...scopes.map(({ scope }) => scope)])]);
  }
  return Array.from(scopesOf, ([resource, scopes]) => create(ConsentedScopesSchema, { resource, scopes }));
}
