import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { UserSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { CreateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { InvitationMailService, type MailInvitationRequest } from "#gen/koder/auth/v1/invitation_mail_internal_pb.ts";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { ClientTombstoneService } from "#gen/koder/oauth/v1/client_tombstone_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import type { Call } from "../host/call.ts";
import { createIdempotency } from "../host/idempotency.ts";
import { createPageTokens } from "../host/page-token.ts";
import { createPeers } from "../host/peers.ts";
import { handlerContext } from "../host/testing/handler-context.ts";
import { openStore } from "../store/open-store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { testVault } from "../vault/testing/test-vault.ts";
import { identityCollections, identityRequests } from "./collections.ts";
import type { IdentityDependencies } from "./dependencies.ts";
import { createAttributeSchemas } from "./attributes/attribute-schemas.ts";
import { loadArgon2, type Argon2 } from "./passwords/argon2.ts";
import { createPasswordHashing } from "./passwords/password-hashing.ts";
import { createPasswordPolicies } from "./passwords/tenant-policy.ts";
import { createAuthorities } from "./roles/authorities.ts";
import { createPurgeSchedule } from "./users/purge-schedule.ts";
import { createUser } from "./users/create-user.ts";

/** Argon2id, but fast: what a test learns does not depend on the parameters. */
export const fastArgon2 = { memoryCost: 64, timeCost: 1, parallelism: 1 } as const;

/** A password that the policy allows. */
export const goodPassword = "correct horse battery staple";

/** An administrator's API key with INSTANCE authority. */
export const administrator: Pick<Call, "caller" | "actor"> = {
  caller: { kind: "client", clientId: undefined, apiKeyId: "key", permissions: new Set(["*"]), instance: true },
  actor: { id: "key", type: ActorType.API_KEY },
};

/** The identity service's use cases over a real store and vault, beside a session service that counts its epochs. */
export async function identityFixture({ defaultDomain = "koder.dev" } = {}) {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...identityCollections, vaultTenantKeys], clock });
  const vault = testVault(store, clock);
  const epochs = new Map<string, { readonly epoch: bigint; readonly version: bigint }>();
  const session = { isAway: false };
  /** The invitations that were mailed; while it is away, or refuses, none is. */
  const mailer = { isAway: false, refuses: false, mailed: [] as MailInvitationRequest[] };
  /** What the auth service says of everybody, and of which groups the policy asks for more. */
  const signIns = { secondFactorRequired: false, groupsInPolicy: new Set<string>() };
  /** What the oauth service says of clients: these were deleted. */
  const deletedClients = new Set<string>();
  const transport = createRouterTransport(({ service }) => {
    service(ClientTombstoneService, {
      getClientTombstone: ({ clientId }) => ({ deleted: deletedClients.has(clientId) }),
    });
    service(RevocationService, {
      bumpEpoch({ subject, changedVersion }) {
        if (session.isAway) throw new ConnectError("away", Code.Internal);
        const of = subject.case === "userId" ? subject.value : "";
        const { epoch, version } = epochs.get(of) ?? { epoch: 0n, version: 0n };
        if (changedVersion > 0n && changedVersion <= version) return { epoch };
        epochs.set(of, { epoch: epoch + 1n, version: changedVersion || version });
        return { epoch: epoch + 1n };
      },
    });
  });
  const withMails = createRouterTransport(({ service }) => {
    service(SignInPolicyService, {
      getSecondFactorRequirement: () => ({ required: signIns.secondFactorRequired }),
      getGroupOverride: ({ groupId }) => ({ present: signIns.groupsInPolicy.has(groupId) }),
    });
    service(InvitationMailService, {
      mailInvitation(request) {
        if (mailer.isAway) throw new ConnectError("away", Code.Internal);
        if (mailer.refuses) throw new ConnectError("too many mails", Code.ResourceExhausted);
        const isRepeat = mailer.mailed.some(
          ({ invitationId, link }) => invitationId === request.invitationId && link === request.link,
        );
        if (!isRepeat) mailer.mailed.push(request);
        return {};
      },
    });
  });
  const argon2 = countingArgon2();
  const tenant = create(TenantSchema, { id: "t1", slug: "t1", defaultDomain, active: true });
  const dependencies: IdentityDependencies = {
    store,
    peers: createPeers((name) => (name === "auth" ? withMails : transport)),
    tenants: { get: async () => tenant, lookup: async () => tenant },
    pageTokens: createPageTokens(vault),
    idempotency: createIdempotency({ store, vault, clock, collection: identityRequests }),
    hashing: createPasswordHashing({ argon2, parameters: fastArgon2 }),
    authorities: createAuthorities({ store, clock }),
    attributeSchemas: createAttributeSchemas({ store, clock }),
    passwordPolicies: createPasswordPolicies({ store, clock }),
    purges: createPurgeSchedule({ system: store.system() }),
    clock,
  };
  const context = (overrides: Partial<Call> = {}) => handlerContext({ ...administrator, ...overrides });
  return {
    dependencies,
    mailer,
    signIns,
    deletedClients,
    data: store.tenant("t1"),
    argon2,
    session,
    context,
    advance(milliseconds: number): void {
      now += milliseconds;
    },
    epochOf: (userId: string) => epochs.get(userId)?.epoch ?? 0n,
    events: async () => (await store.system().outbox(0, 1_000)).map(({ event }) => event),
    /** Creates a user by the RPC, and answers it. */
    async user(init: MessageInitShape<typeof UserSchema>, requestId = "", overrides: Partial<Call> = {}) {
      const request = create(CreateUserRequestSchema, { user: create(UserSchema, init), requestId });
      const { user } = await createUser(dependencies)(request, context(overrides));
      if (user === undefined) throw new Error("no user was answered");
      return user;
    },
  };
}

/** Argon2id that keeps what it was asked for: the work of a call. */
function countingArgon2(): Argon2 & { readonly work: string[] } {
  const argon2 = loadArgon2();
  const work: string[] = [];
  return {
    name: argon2.name,
    work,
    hash(password, parameters) {
      work.push(`hash m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}`);
      return argon2.hash(password, parameters);
    },
    verify(phc, password) {
      work.push(`verify ${phc.split("$")[3] ?? ""}`);
      return argon2.verify(phc, password);
    },
  };
}

export { refusal } from "../host/testing/refusal.ts";
