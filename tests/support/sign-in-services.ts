import { create } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import type { Transport } from "@connectrpc/connect";
import { TenantSchema } from "../../gen/ts/koder/admin/v1/tenant_pb.ts";
import { ActorType } from "../../gen/ts/koder/events/v1/event_pb.ts";
import { defaultAttemptPolicy } from "../../services/auth/attempts.ts";
import { authCollections } from "../../services/auth/collections.ts";
import { createOwnServerTransport } from "../../services/auth/mail-server/own-server-transport.ts";
import { createMailer } from "../../services/auth/mail/queue-mail.ts";
import { defaultEmailPolicy } from "../../services/auth/email/email-policy.ts";
import { defaultRecoveryPolicy } from "../../services/auth/recovery/recovery-policy.ts";
import { defaultOtpLimits } from "../../services/auth/otp/otp-limits.ts";
import { defaultSignUpLimits } from "../../services/auth/sign-up/sign-up-limits.ts";
import { createAuthenticationPolicies } from "../../services/auth/policy/authentication-policies.ts";
import { createAuthService } from "../../services/auth/service.ts";
import { createGuardedConnect } from "../../services/host/outbound/guarded-connect.ts";
import { forward, type ServiceName } from "../../services/host/call.ts";
import { createIdempotency } from "../../services/host/idempotency.ts";
import { accessRules } from "../../services/host/interceptors/access-rule.ts";
import { serviceInterceptors } from "../../services/host/interceptors/interceptors.ts";
import { createPageTokens } from "../../services/host/page-token.ts";
import { createPeers, type Peers } from "../../services/host/peers.ts";
import { createLocalTransport } from "../../services/host/transport/local-transport.ts";
import { createPeerTransport } from "../../services/host/transport/peer-transport.ts";
import { identityCollections, identityRequests } from "../../services/identity/collections.ts";
import { loadArgon2 } from "../../services/identity/passwords/argon2.ts";
import { createPasswordHashing } from "../../services/identity/passwords/password-hashing.ts";
import { createAttributeSchemas } from "../../services/identity/attributes/attribute-schemas.ts";
import { createPasswordPolicies } from "../../services/identity/passwords/tenant-policy.ts";
import { createAuthorities } from "../../services/identity/roles/authorities.ts";
import { createPurgeSchedule } from "../../services/identity/users/purge-schedule.ts";
import { createIdentityService } from "../../services/identity/service.ts";
import { sessionCollections } from "../../services/session/collections.ts";
import { defaultSessionLifetimes, defaultUserCodeAttempts } from "../../services/session/dependencies.ts";
import { createSessionSchedule } from "../../services/session/browser-sessions/session-schedule.ts";
import { createRecentUses } from "../../services/session/browser-sessions/session-use.ts";
import { createSessionService } from "../../services/session/service.ts";
import { openStore } from "../../services/store/open-store.ts";
import type { Addition, Store, TenantStore } from "../../services/store/store.ts";
import { vaultTenantKeys } from "../../services/vault/collections.ts";
import {
  createServiceTokenIssuer,
  createServiceTokenVerifier,
  generateServiceKey,
} from "../../services/vault/service-token.ts";
import { testVault } from "../../services/vault/testing/test-vault.ts";

/**
 * Identity, auth and session as they are wired in one process, with their interceptors and service tokens, over a real
 * store whose use is recorded; the clock is the test's.
 */
export async function signInServices() {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const collections = [...identityCollections, ...authCollections, ...sessionCollections, vaultTenantKeys];
  const work: string[] = [];
  const opened = await openStore({ url: "memory:", collections, clock });
  const store = recordingStore(opened, work);
  const vault = testVault(opened, clock);
  const tenant = create(TenantSchema, { id: "t1", slug: "t1", defaultDomain: "koder.dev", active: true });
  const tenants = { get: async () => tenant, lookup: async () => tenant };

  const names = ["gateway", "identity", "auth", "oauth", "session", "admin"] as const;
  const keys = new Map(names.map((name) => [name as string, generateServiceKey()]));
  const publicKeys = new Map(Array.from(keys, ([name, { publicKey }]) => [name, [publicKey]]));
  const local = new Map<ServiceName, Transport>();
  const mailConnect = createGuardedConnect({ exempt: [], ports: [] });
  const peersOf = (caller: (typeof names)[number]): Peers => {
    const key = keys.get(caller);
    if (key === undefined) throw new Error(`${caller} has no key`);
    const serviceToken = createServiceTokenIssuer({ service: caller, privateKey: key.privateKey, clock });
    return createPeers((audience) => {
      const transport = local.get(audience);
      if (transport === undefined) throw new Error(`the service ${audience} is not here`);
      return createPeerTransport({ transport, audience, serviceToken, clock });
    });
  };

  const argon2 = loadArgon2();
  const pageTokens = createPageTokens(vault);
  const faults: unknown[] = [];
  const modules = [
    createIdentityService({
      store,
      peers: peersOf("identity"),
      tenants,
      pageTokens,
      idempotency: createIdempotency({ store, vault, clock, collection: identityRequests }),
      authorities: createAuthorities({ store, clock }),
      attributeSchemas: createAttributeSchemas({ store, clock }),
      passwordPolicies: createPasswordPolicies({ store: opened, clock }),
      purges: createPurgeSchedule({ system: store.system() }),
      hashing: createPasswordHashing({
        argon2: {
          ...argon2,
          hash(password, parameters) {
            work.push("argon2 hash");
            return argon2.hash(password, parameters);
          },
          verify(phc, password) {
            work.push(`argon2 verify ${phc.split("$")[3] ?? ""}`);
            return argon2.verify(phc, password);
          },
        },
      }),
      clock,
    }),
    createAuthService({
      store,
      vault,
      peers: peersOf("auth"),
      tenants,
      attempts: defaultAttemptPolicy,
      recovery: defaultRecoveryPolicy,
      emailPolicy: defaultEmailPolicy,
      signUp: defaultSignUpLimits,
      otp: defaultOtpLimits,
      smsAvailable: true,
      operatorsMail: true,
      mailer: createMailer({ system: store.system(), clock }),
      mailConnect,
      ownServers: createOwnServerTransport({ connect: mailConnect, name: "id.example" }),
      mailDeliveries: { step: () => Promise.resolve(1_000), stop: () => Promise.resolve() },
      policies: createAuthenticationPolicies({ store: opened, clock }),
      clock,
    }),
    createSessionService({
      store,
      vault,
      pageTokens,
      sessionSchedule: createSessionSchedule({ system: store.system() }),
      recentUses: createRecentUses(),
      onSessionFault: (error) => void faults.push(error),
      clock,
      lifetimes: defaultSessionLifetimes,
      userCodeAttempts: defaultUserCodeAttempts,
    }),
  ];
  const validator = createValidator();
  for (const module of modules) {
    const interceptors = serviceInterceptors({
      rules: accessRules(module.implementations.map(({ service }) => service)),
      verifyServiceToken: createServiceTokenVerifier({ keys: publicKeys, audience: module.name, clock }),
      credentials: { verify: () => Promise.reject(new Error("no credential is used here")) },
      tenants,
      validator,
      tell: () => undefined,
      report: ({ error }) => void faults.push(error),
      clock,
    });
    local.set(module.name, createLocalTransport(module, { interceptors, freeze: true }));
  }
  return {
    /** The clients that a service has of the others. */
    peersOf,
    /** Options of a call to a peer. */
    options: () =>
      forward({
        requestId: "01JZZZZZZZZZZZZZZZZZZZZZZZ",
        tenantId: "t1",
        actor: { id: "gateway", type: ActorType.SERVICE },
        deadline: now + 15_000,
      }),
    data: opened.tenant("t1"),
    /** What the store and the hashing were asked for, by kind, in no order that can be relied on. */
    work,
    /** Errors that callers were told nothing of. */
    faults,
    advance(milliseconds: number): void {
      now += milliseconds;
    },
  };
}

/** A store that notes each operation with its collection or the kind of its counter, not with its ids. */
function recordingStore(store: Store, work: string[]): Store {
  const added = ({ counter, n }: Pick<Addition, "counter" | "n">): string =>
    `add ${counter.split("/").slice(0, 2).join("/")} ${n}`;
  const recording = (data: TenantStore): TenantStore => ({
    tenantId: data.tenantId,
    get(collection, id) {
      work.push(`get ${collection.name}`);
      return data.get(collection, id);
    },
    getAll(collection, ids) {
      work.push(`getAll ${collection.name} ${ids.length}`);
      return data.getAll(collection, ids);
    },
    version(collection, id) {
      work.push(`version ${collection.name}`);
      return data.version(collection, id);
    },
    find(collection, index, value) {
      work.push(`find ${collection.name}.${index}`);
      return data.find(collection, index, value);
    },
    page(collection, query) {
      work.push(`page ${collection.name}`);
      return data.page(collection, query);
    },
    events(after, limit) {
      work.push("events");
      return data.events(after, limit);
    },
    add(counter, n, expiresAt) {
      work.push(added({ counter, n }));
      return data.add(counter, n, expiresAt);
    },
    addAll(additions) {
      work.push(...additions.map(added));
      return data.addAll(additions);
    },
    commit(writes, events) {
      work.push(`commit ${writes.map(({ kind, collection }) => `${kind} ${collection.name}`).join(", ")}`);
      work.push(...events.map(({ payload }) => `event ${payload.case ?? ""}`));
      return data.commit(writes, events);
    },
    deleteRange: (collection, limit) => data.deleteRange(collection, limit),
  });
  return { ...store, tenant: (tenantId) => recording(store.tenant(tenantId)), system: () => store.system() };
}
