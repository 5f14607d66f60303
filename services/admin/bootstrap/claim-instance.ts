import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { OwnerSchema, type Owner } from "#gen/koder/admin/store/v1/owner_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { Conflict, type Stored, type Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { adminFailure } from "../admin-failure.ts";
import { apiKeyUse } from "../api-keys/api-key.ts";
import { apiKeys, owners } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { defaultTenant } from "../tenants/default-tenant.ts";

/** Who is to own the instance. */
export interface OwnerClaim {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly passwordChangeRequired: boolean;
  /** The first API key, with INSTANCE authority: the caller has made it and keeps it. */
  readonly apiKey: string;
  /** Whether a claim that was left open is completed although its owner has signed in since; else it is closed. */
  readonly afterSignIn: boolean;
  /** More writes of the commit that completes the claim. */
  readonly together?: (userId: string) => readonly Write[];
}

type Needs = Pick<AdminDependencies, "system" | "vault" | "peers" | "clock">;

const ownerId = "owner";

/** Whether the instance has been claimed to the end. */
export async function isInstanceClaimed({ system }: Pick<Needs, "system">): Promise<boolean> {
  return (await system.get(owners, ownerId))?.record.complete === true;
}

/**
 * Claims the instance for its first owner. The write crosses two services, in this order: the claim with the owner's id
 * (insert-if-absent), the user in identity (idempotent by that id), then API key and completion in one commit. A crash in
 * between leaves an open claim, which the next attempt, with the same or other particulars, completes; two attempts at
 * once end in one completion. Answers the owner's id. Throws BOOTSTRAP_CLOSED once complete, and, unless the claim says
 * otherwise, once the owner has signed in: then there is somebody who decides who else gets a key.
 */
export async function claimInstance(needs: Needs, work: Outbound, claim: OwnerClaim): Promise<string> {
  const { system, vault, peers, clock } = needs;
  const { record: owner, version } = await openClaim(needs, work);
  const { signedIn } = await peers.client(CredentialService).createOwner(
    {
      userId: owner.userId,
      username: claim.username,
      email: claim.email,
      password: claim.password,
      passwordChangeRequired: claim.passwordChangeRequired,
    },
    forward({ ...work, tenantId: owner.tenantId }),
  );
  if (signedIn && !claim.afterSignIn) throw bootstrapClosed();
  const systemVault = await vault.tenant(system.tenantId);
  const now = clock();
  const apiKey = create(ApiKeySchema, {
    id: ulid(now),
    keyHash: systemVault.keyedHash(apiKeyUse, claim.apiKey),
    tenantId: owner.tenantId,
    instance: true,
    permissions: ["*"],
    displayName: "Bootstrap",
    createTime: timestampFromMs(now),
  });
  const apiKeyCreated = eventOf(
    { ...work, tenantId: system.tenantId },
    now,
    { type: "api_key", id: apiKey.id, version: 1 },
    { case: "apiKeyCreated", value: { $typeName: "koder.events.v1.ApiKeyCreated", displayName: apiKey.displayName } },
  );
  const isDone = await commitUnlessChanged(
    system,
    [
      replace(owners, create(OwnerSchema, { ...owner, complete: true }), version),
      insert(apiKeys, apiKey),
      ...(claim.together?.(owner.userId) ?? []),
    ],
    [apiKeyCreated, ownerClaimed(work, system.tenantId, now, owner, version + 1)],
  );
  if (!isDone) throw bootstrapClosed();
  return owner.userId;
}

/** The claim that is open: a new one, or the one that an attempt before left behind. */
async function openClaim(needs: Needs, work: Outbound): Promise<Stored<typeof OwnerSchema>> {
  const { system, clock } = needs;
  for (;;) {
    const stored = await system.get(owners, ownerId);
    if (stored?.record.complete === true) throw bootstrapClosed();
    if (stored !== undefined) return stored;
    const { record: tenant } = await defaultTenant(needs, work);
    const now = clock();
    const record = create(OwnerSchema, {
      id: ownerId,
      userId: ulid(now),
      tenantId: tenant.id,
      claimTime: timestampFromMs(now),
    });
    try {
      await system.commit([insert(owners, record)], [ownerClaimed(work, system.tenantId, now, record, 1)]);
      return { record, version: 1 };
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // another attempt opened it: go on with that one
    }
  }
}

const ownerClaimed = (work: Outbound, tenantId: string, now: number, owner: Owner, version: number) =>
  eventOf(
    { ...work, tenantId },
    now,
    { type: "owner", id: ownerId, version },
    {
      case: "instanceOwnerClaimed",
      value: { $typeName: "koder.events.v1.InstanceOwnerClaimed", userId: owner.userId },
    },
  );

const bootstrapClosed = () =>
  adminFailure(AdminErrorReason.BOOTSTRAP_CLOSED, "the instance has an owner: bootstrap is closed");
