import packageJson from "../../package.json" with { type: "json" };
import { adminRequests } from "../admin/collections.ts";
import type { ComponentState } from "../admin/dependencies.ts";
import { createToldEvents } from "../admin/events/told-events.ts";
import { createAdminService } from "../admin/service.ts";
import { askForTxt } from "../admin/tenants/domains/resolve-txt.ts";
import { defaultAttemptPolicy } from "../auth/attempts.ts";
import { defaultEmailPolicy } from "../auth/email/email-policy.ts";
import { defaultRecoveryPolicy } from "../auth/recovery/recovery-policy.ts";
import { createAuthenticationPolicies } from "../auth/policy/authentication-policies.ts";
import { defaultOtpLimits } from "../auth/otp/otp-limits.ts";
import { defaultSignUpLimits } from "../auth/sign-up/sign-up-limits.ts";
import { createAuthService } from "../auth/service.ts";
import type { ServiceName } from "../host/call.ts";
import type { Config } from "../host/config.ts";
import { createDpopVerifier } from "../host/dpop/dpop-verifier.ts";
import { createIdempotency } from "../host/idempotency.ts";
import type { Log } from "../host/log.ts";
import type { Metrics } from "../host/metrics.ts";
import type { GuardedFetch } from "../host/outbound/guarded-fetch.ts";
import { createPageTokens } from "../host/page-token.ts";
import type { ServiceModule } from "../host/service-module.ts";
import type { Tenants } from "../host/tenants.ts";
import { identityRequests } from "../identity/collections.ts";
import { loadArgon2 } from "../identity/passwords/argon2.ts";
import { createPasswordHashing } from "../identity/passwords/password-hashing.ts";
import { createPasswordPolicies } from "../identity/passwords/tenant-policy.ts";
import { createAttributeSchemas } from "../identity/attributes/attribute-schemas.ts";
import { createAuthorities } from "../identity/roles/authorities.ts";
import { createPurgeSchedule } from "../identity/users/purge-schedule.ts";
import { createIdentityService } from "../identity/service.ts";
import { createClientKeys } from "../oauth/client-authentication/client-keys.ts";
import { createClients } from "../oauth/clients/clients.ts";
import { createClientLogos } from "../oauth/clients/logos/client-logos.ts";
import { oauthRequests } from "../oauth/collections.ts";
import { defaultOauthLifetimes } from "../oauth/dependencies.ts";
import { createKeyRings } from "../oauth/keys/key-rings.ts";
import { createKeySchedule } from "../oauth/keys/key-schedule.ts";
import { rotationPolicy } from "../oauth/keys/rotation-policy.ts";
import { createSigningKeys } from "../oauth/keys/signing-keys.ts";
import { createAccessTargets } from "../oauth/resource-servers/access-target.ts";
import { createResourceServers } from "../oauth/resource-servers/resource-servers.ts";
import { createOauthPolicies } from "../oauth/policy/oauth-policies.ts";
import { createLogoutSchedule } from "../oauth/logout/backchannel/logout-schedule.ts";
import { tellAttempts } from "../oauth/logout/backchannel/tell-attempts.ts";
import { createOauthService } from "../oauth/service.ts";
import { createSubjects } from "../oauth/subjects/subjects.ts";
import { defaultSessionLifetimes, defaultUserCodeAttempts } from "../session/dependencies.ts";
import { createRecentUses } from "../session/browser-sessions/session-use.ts";
import { createSessionSchedule } from "../session/browser-sessions/session-schedule.ts";
import { createSessionService } from "../session/service.ts";
import type { Data } from "./data.ts";
import { mailParts } from "./mail-parts.ts";
import { createTenantEraser } from "./erase-tenant.ts";
import type { ServiceCalls } from "./service-calls.ts";

/** What the services are built from. */
export interface ModuleParts {
  readonly config: Config;
  readonly data: Data;
  readonly calls: ServiceCalls;
  readonly tenantsOf: (service: ServiceName) => Tenants;
  readonly clock: () => number;
  readonly publicOrigin: () => string;
  /** One for the process, because its limits are. */
  readonly outbound: GuardedFetch;
  readonly componentStates: () => Promise<readonly ComponentState[]>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Builds a service from its parts; only what it needs is made. */
export function createModule(name: Exclude<ServiceName, "gateway">, parts: ModuleParts): ServiceModule {
  const { config, data, calls, tenantsOf, clock, log, metrics } = parts;
  const { store, vault } = data;
  const peers = calls.peersOf(name);
  const pageTokens = createPageTokens(vault);
  switch (name) {
    case "identity":
      return createIdentityService({
        store,
        peers,
        tenants: tenantsOf(name),
        pageTokens,
        idempotency: createIdempotency({ store, vault, clock, collection: identityRequests }),
        hashing: createPasswordHashing({ argon2: loadArgon2(), pepper: data.pepper }),
        authorities: createAuthorities({ store, clock }),
        attributeSchemas: createAttributeSchemas({ store, clock }),
        passwordPolicies: createPasswordPolicies({ store, clock }),
        purges: createPurgeSchedule({ system: store.system() }),
        clock,
      });
    case "auth":
      return createAuthService({
        store,
        vault,
        peers,
        tenants: tenantsOf(name),
        attempts: defaultAttemptPolicy,
        recovery: defaultRecoveryPolicy,
        emailPolicy: defaultEmailPolicy,
        signUp: defaultSignUpLimits,
        otp: defaultOtpLimits,
        ...mailParts(parts),
        policies: createAuthenticationPolicies({ store, clock }),
        clock,
      });
    case "oauth": {
      const { keySetMaxAge, signingKeyLifetime } = config;
      const lifetimes = defaultOauthLifetimes;
      const policy = rotationPolicy(
        { signFor: signingKeyLifetime, maxAge: keySetMaxAge },
        Math.max(lifetimes.accessToken, lifetimes.idToken),
      );
      const tenants = tenantsOf(name);
      const resourceServers = createResourceServers({ store, clock });
      const oauthPolicies = createOauthPolicies({ store, clock });
      const keyRings = createKeyRings({ store, vault, clock });
      const keySchedule = createKeySchedule({ system: store.system() });
      return createOauthService({
        store,
        vault,
        peers,
        tenants,
        pageTokens,
        idempotency: createIdempotency({ store, vault, clock, collection: oauthRequests }),
        clients: createClients({ store, clock }),
        clientKeys: createClientKeys({ outbound: parts.outbound, clock }),
        dpop: createDpopVerifier({ vault, peers, clock }),
        resourceServers,
        accessTargets: createAccessTargets({ resourceServers, tenants, oauthPolicies, lifetimes }),
        subjects: createSubjects({ store, vault, clock }),
        oauthPolicies,
        signingKeys: createSigningKeys({ rings: keyRings, schedule: keySchedule, policy, vault, clock }),
        keyRings,
        keySchedule,
        outbound: parts.outbound,
        logos: createClientLogos({ outbound: parts.outbound, clock }),
        rotationPolicy: policy,
        keySetMaxAge,
        logoutSchedule: createLogoutSchedule({ system: store.system() }),
        onLogoutAttempt: tellAttempts({ log, metrics }),
        onLogoutFault: (error, client) => log.error({ err: error, ...client }, "a client could not be told of logouts"),
        onRotationFault: (error, keys) => log.error({ err: error, ...keys }, "signing keys could not be rotated"),
        clock,
        lifetimes,
      });
    }
    case "session":
      return createSessionService({
        store,
        vault,
        pageTokens,
        sessionSchedule: createSessionSchedule({ system: store.system() }),
        recentUses: createRecentUses(),
        onSessionFault: (error, tenantId) => log.error({ err: error, tenantId }, "sessions could not be ended"),
        clock,
        lifetimes: defaultSessionLifetimes,
        userCodeAttempts: defaultUserCodeAttempts,
      });
    case "admin": {
      const system = store.system();
      return createAdminService({
        store,
        system,
        pageTokens,
        toldEvents: createToldEvents(),
        tenantIdempotency: createIdempotency({ store, vault, clock, collection: adminRequests }),
        vault,
        peers,
        idempotency: createIdempotency({ store: { tenant: () => system }, vault, clock, collection: adminRequests }),
        resolveTxt: askForTxt,
        tenantGrace: config.tenantGrace,
        eraseTenant: createTenantEraser(store),
        onTenantFault: (error, tenantId) =>
          log.error({ err: error, tenantId }, "a duty for a tenant could not be done"),
        onProofMissing: (missing) =>
          log.warn(
            { ...missing },
            missing.lapsed
              ? "a tenant does not answer at its domain any more: the TXT record was missing three days in a row"
              : "the TXT record of a tenant's domain is missing; the third day in a row ends the domain",
          ),
        clock,
        publicOrigin: parts.publicOrigin,
        bootstrapToken: config.bootstrapToken,
        componentStates: parts.componentStates,
        version: packageJson.version,
      });
    }
  }
}
