import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import type { RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";
import {
  AcceptPasskeyRequestSchema,
  AcceptTotpRequestSchema,
  BrowserContextSchema,
  OfferNewPasskeyRequestSchema,
  OfferPasskeyRequestSchema,
  OfferSignInRequestSchema,
  OfferTotpRequestSchema,
  SubmitNewPasswordRequestSchema,
  SubmitPasskeyRequestSchema,
  SubmitPasswordRequestSchema,
  SubmitRecoveryCodeRequestSchema,
  SubmitTotpRequestSchema,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { AccountOpeningService } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { BrandingSchema } from "#gen/koder/admin/v1/branding_pb.ts";
import { ClientLookupService } from "#gen/koder/oauth/v1/client_lookup_internal_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { BrowserSessionService, type CreateSessionRequest } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { createGuardedConnect, type GuardedConnect } from "../host/outbound/guarded-connect.ts";
import { createPeers } from "../host/peers.ts";
import { handlerContext } from "../host/testing/handler-context.ts";
import { openStore } from "../store/open-store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { testVault } from "../vault/testing/test-vault.ts";
import { defaultAttemptPolicy, type AttemptPolicy } from "./attempts.ts";
import { authCollections, flows } from "./collections.ts";
import type { AuthDependencies } from "./dependencies.ts";
import { acceptPasskey } from "./flows/accept-passkey.ts";
import { acceptTotp } from "./flows/accept-totp.ts";
import { offerNewPasskey } from "./flows/offer-new-passkey.ts";
import { offerPasskey } from "./flows/offer-passkey.ts";
import { offerSignIn } from "./flows/offer-sign-in.ts";
import { offerTotp } from "./flows/offer-totp.ts";
import { createAuthenticationPolicies } from "./policy/authentication-policies.ts";
import { submitNewPassword } from "./flows/submit-new-password.ts";
import { submitPasskey } from "./flows/submit-passkey.ts";
import { submitPassword } from "./flows/submit-password.ts";
import { submitRecoveryCode } from "./flows/submit-recovery-code.ts";
import { submitTotp } from "./flows/submit-totp.ts";
import { createMailRoute } from "./mail-server/mail-route.ts";
import { mailPorts } from "./mail-server/mail-server.ts";
import { createOwnServerTransport } from "./mail-server/own-server-transport.ts";
import { createMailDeliveries, type MailAttempt } from "./mail/deliver-mails.ts";
import type { MailTransport } from "./mail/mail-transport.ts";
import { createMailer } from "./mail/queue-mail.ts";
import { defaultEmailPolicy } from "./email/email-policy.ts";
import { defaultRecoveryPolicy } from "./recovery/recovery-policy.ts";
import { defaultOtpLimits } from "./otp/otp-limits.ts";
import { defaultSignUpLimits } from "./sign-up/sign-up-limits.ts";

/** A person as the services beside this one know them. A test changes them as others would. */
export interface KnownPerson {
  readonly id: string;
  password: string;
  passwordChangeRequired: boolean;
  /** Whether the password is too short to be the only factor. */
  secondFactorNeeded?: boolean;
  epoch: bigint;
  disabled: boolean;
  email: string;
  emailVerified: boolean;
  locale: string;
}

/** The browser of a test. */
export const aBrowser = { browserToken: "browser-token-of-22-characters", remoteAddress: "192.0.2.1" };

/**
 * The auth service's use cases over a real store and vault, with a clock that the test owns. The services beside it are
 * stood in for by what their contracts say; `calls` has what they were asked, in order.
 */
export async function authFixture(
  attempts: Partial<AttemptPolicy> = {},
  mailConnect: GuardedConnect = createGuardedConnect({ exempt: [], ports: mailPorts }),
) {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...authCollections, vaultTenantKeys], clock });
  const people = new Map<string, KnownPerson>();
  const ana: KnownPerson = {
    id: "01JANA00000000000000000000",
    password: "the password of ana",
    passwordChangeRequired: false,
    epoch: 7n,
    disabled: false,
    email: "ana@example.com",
    emailVerified: true,
    locale: "",
  };
  people.set("ana", ana).set("ana@example.com", ana);
  const byId = (id: string) => [...people.values()].find((person) => person.id === id);
  const calls: string[] = [];
  const sessions: CreateSessionRequest[] = [];
  /** When the session of a test was last used; undefined where it is over. */
  const used: { at?: number } = {};
  /** Ids of those with authority over the instance. */
  const owners = new Set<string>();
  /** What the roles of people permit, as it is stored. */
  const permissionsOf = new Map<string, readonly string[]>();
  /** The groups of the tenant, and in which of them people are, by their ids. */
  const groups: { id: string; name: string }[] = [];
  const groupsOf = new Map<string, string[]>();
  /** Ids that no client has. */
  const goneClients = new Set<string>(["nobody"]);
  /** What happens inside of a peer's answer, for tests of races and crashes. */
  const meanwhile: {
    [
      Call in "verifyPassword" | "changePassword" | "createSession" | "resetPassword" | "changeEmail" | "openAccount"
    ]?: () => unknown;
  } = {};
  /** How the tenant looks; a test may change it. */
  const branding = create(BrandingSchema);
  const transport = createRouterTransport(({ service }) => {
    service(CredentialService, {
      resolveLogin: ({ login }) => {
        const loginKey = login.trim().toLowerCase();
        return { userId: people.get(loginKey)?.id ?? "", loginKey };
      },
      async verifyPassword({ userId, password }) {
        calls.push(`verifyPassword ${userId}`);
        const person = byId(userId);
        const verified = person?.password === password;
        await meanwhile.verifyPassword?.();
        return {
          verified,
          passwordChangeRequired: verified && person.passwordChangeRequired,
          secondFactorNeeded: verified && person.secondFactorNeeded === true,
        };
      },
      async changePassword({ userId, newPassword }) {
        calls.push(`changePassword ${userId}`);
        const person = byId(userId);
        if (person === undefined) throw new ConnectError("no such user", Code.NotFound);
        person.password = newPassword;
        person.passwordChangeRequired = false;
        person.secondFactorNeeded = false;
        await meanwhile.changePassword?.();
        person.epoch += 1n;
        return { userEpoch: person.epoch };
      },
      getGroupsOfUser: ({ userId }) => ({ groupIds: groupsOf.get(userId) ?? [] }),
      findGroups: ({ groupIds, names }) => ({
        groups: groups.filter(
          ({ id, name }) => groupIds.includes(id) || names.some((one) => one.toLowerCase() === name.toLowerCase()),
        ),
      }),
      judgePassword: ({ userId, email }) => ({ rule: `of ${userId || email}`, minLength: 15 }),
      getClaims: ({ userId }) => ({ user: { id: userId, username: "ana", email: "ana@example.com" } }),
      getAuthority: ({ userId, uncached }) => ({
        instance: owners.has(userId),
        active: byId(userId)?.disabled === false,
        permissions: uncached ? [...(permissionsOf.get(userId) ?? [])] : [],
      }),
    });
    service(MailboxService, {
      getMailbox({ userId }) {
        calls.push(`getMailbox ${userId}`);
        const person = byId(userId);
        return person === undefined
          ? {}
          : { email: person.email, emailVerified: person.emailVerified, locale: person.locale };
      },
      verifyEmail({ userId, email }) {
        const person = byId(userId);
        if (person?.email !== email) throw new ConnectError("no such user", Code.NotFound);
        person.emailVerified = true;
        return {};
      },
      async changeEmail({ userId, oldEmail, newEmail }) {
        calls.push(`changeEmail ${userId}`);
        const person = byId(userId);
        if (person === undefined || ![oldEmail, newEmail].includes(person.email)) {
          throw new ConnectError("no such user", Code.NotFound);
        }
        await meanwhile.changeEmail?.();
        person.email = newEmail;
        person.emailVerified = true;
        return {};
      },
      checkNewPassword({ userId, newPassword }) {
        calls.push(`checkNewPassword ${userId}`);
        if (byId(userId) === undefined) throw new ConnectError("no such user", Code.NotFound);
        if (newPassword === "weak") throw new ConnectError("too weak", Code.InvalidArgument);
        return {};
      },
      async resetPassword({ userId, email, newPassword }) {
        calls.push(`resetPassword ${userId}`);
        const person = byId(userId);
        if (person?.email !== email) throw new ConnectError("no such user", Code.NotFound);
        await meanwhile.resetPassword?.();
        person.password = newPassword;
        person.epoch += 1n;
        return {};
      },
    });
    service(ClientLookupService, {
      findClients: ({ clientIds }) => ({ clientIds: clientIds.filter((id) => !goneClients.has(id)) }),
    });
    service(AccountOpeningService, {
      async openAccount({ userId, email, locale, password }) {
        calls.push(`openAccount ${userId}`);
        await meanwhile.openAccount?.();
        if (password === "weak") throw new ConnectError("too weak", Code.InvalidArgument);
        if (byId(userId) !== undefined) return { opened: false };
        if (people.has(email)) throw new ConnectError("taken", Code.AlreadyExists);
        const opened = { id: userId, password, email, emailVerified: true, locale, epoch: 0n };
        people.set(email, { ...opened, passwordChangeRequired: false, disabled: false });
        return { opened: true };
      },
    });
    service(ShownBrandingService, { getShownBranding: () => ({ branding }) });
    service(RevocationService, {
      getUserEpoch({ userId }) {
        calls.push(`getUserEpoch ${userId}`);
        return { userEpoch: byId(userId)?.epoch ?? 0n };
      },
    });
    service(BrowserSessionService, {
      getSessionUse({ sessionId }) {
        calls.push(`getSessionUse ${sessionId}`);
        return used.at === undefined ? {} : { lastUseTime: timestampFromMs(used.at) };
      },
      // Of whichever was begun last.
      getSessionFactors() {
        calls.push("getSessionFactors");
        const { firstFactor = 0, secondFactors = [], amr = [] } = sessions.at(-1) ?? {};
        return { firstFactor, secondFactors, amr };
      },
      async createSession(request) {
        calls.push("createSession");
        await meanwhile.createSession?.();
        sessions.push(request);
        return { sessionToken: `ksn_${sessions.length}` };
      },
    });
  });
  const tenant = create(TenantSchema, {
    id: "t1",
    slug: "t1",
    displayName: "Acme: the firm",
    canonicalOrigin: "https://id.acme.test",
    active: true,
  });
  const tenants = {
    get: async () => tenant,
    lookup: async (_call: unknown, idOrSlug: string) =>
      idOrSlug === "" ? create(TenantSchema, { id: "t0", slug: "default" }) : tenant,
  };
  const vault = testVault(store, clock);
  const system = store.system();
  /** What mails say that were sent, and what sending does instead where a test wants it otherwise. */
  const mails: RenderedMail[] = [];
  /** What was sent to telephones. */
  const messages: RenderedMail[] = [];
  const mailServer: { send?: MailTransport["send"] } = {};
  const mailAttempts: MailAttempt[] = [];
  const peers = createPeers(() => transport);
  const ownServers = createOwnServerTransport({ connect: mailConnect, name: "id.example" });
  const operators: MailTransport = {
    async send(mail, job) {
      await mailServer.send?.(mail, job);
      mails.push(mail);
    },
    close: () => Promise.resolve(),
  };
  const mailDeliveries = createMailDeliveries({
    peers,
    store,
    system,
    vault,
    tenants,
    sms: {
      async send(message) {
        messages.push(message);
      },
      close: () => Promise.resolve(),
    },
    transport: createMailRoute({ store, vault, ownServers, operators, clock }),
    clock,
    onAttempt: (attempt) => mailAttempts.push(attempt),
    onFault: (error) => {
      throw error;
    },
  });
  const dependencies: AuthDependencies = {
    store,
    vault,
    peers,
    tenants,
    policies: createAuthenticationPolicies({ store, clock }),
    attempts: { ...defaultAttemptPolicy, ...attempts },
    recovery: defaultRecoveryPolicy,
    emailPolicy: defaultEmailPolicy,
    signUp: defaultSignUpLimits,
    otp: defaultOtpLimits,
    smsAvailable: true,
    operatorsMail: true,
    mailer: createMailer({ system, clock }),
    mailDeliveries,
    mailConnect,
    ownServers,
    clock,
  };
  type Browser = Partial<typeof aBrowser> & { sessionToken?: string; userAgent?: string };
  type Asked = { readonly clientId?: string; readonly acrValues?: string[]; readonly tenantId?: string };
  const browserOf = (browser: Browser) => create(BrowserContextSchema, { ...aBrowser, ...browser });
  return {
    dependencies,
    data: store.tenant("t1"),
    mails,
    messages,
    mailServer,
    mailAttempts,
    /** Sends the mails that are due, and waits for them. */
    async sendMails(): Promise<void> {
      await mailDeliveries.step();
      await mailDeliveries.stop();
    },
    branding,
    ana,
    people,
    owners,
    permissionsOf,
    groups,
    groupsOf,
    goneClients,
    calls,
    sessions,
    used,
    meanwhile,
    offerSignIn: (clientId = "", browser: Browser = {}, tenantId = "t1") =>
      offerSignIn(dependencies)(
        create(OfferSignInRequestSchema, { clientId, browser: browserOf(browser) }),
        handlerContext({ tenantId }),
      ),
    /** What a browser asks a passkey by within a flow. */
    offerPasskey: async (flowId: string, browser: Browser = {}) => {
      const request = create(OfferPasskeyRequestSchema, { flowId, browser: browserOf(browser) });
      return (await offerPasskey(dependencies)(request, handlerContext())).optionsJson;
    },
    submitPasskey: (flowId: string, credentialJson: string, browser: Browser = {}, tenantId = "t1") =>
      submitPasskey(dependencies)(
        create(SubmitPasskeyRequestSchema, { flowId, credentialJson, browser: browserOf(browser) }),
        handlerContext({ tenantId }),
      ),
    offerNewPasskey: async (flowId: string, browser: Browser = {}) => {
      const request = create(OfferNewPasskeyRequestSchema, { flowId, browser: browserOf(browser) });
      return (await offerNewPasskey(dependencies)(request, handlerContext())).optionsJson;
    },
    acceptPasskey: (flowId: string, credentialJson: string, browser: Browser = {}) =>
      acceptPasskey(dependencies)(
        create(AcceptPasskeyRequestSchema, { flowId, credentialJson, browser: browserOf(browser) }),
        handlerContext(),
      ),
    offerTotp: (flowId: string, browser: Browser = {}) =>
      offerTotp(dependencies)(
        create(OfferTotpRequestSchema, { flowId, browser: browserOf(browser) }),
        handlerContext(),
      ),
    acceptTotp: (flowId: string, code: string, browser: Browser = {}) =>
      acceptTotp(dependencies)(
        create(AcceptTotpRequestSchema, { flowId, code, browser: browserOf(browser) }),
        handlerContext(),
      ),
    submitTotp: (flowId: string, code: string, browser: Browser = {}) =>
      submitTotp(dependencies)(
        create(SubmitTotpRequestSchema, { flowId, code, browser: browserOf(browser) }),
        handlerContext(),
      ),
    submitRecoveryCode: (flowId: string, code: string, browser: Browser = {}) =>
      submitRecoveryCode(dependencies)(
        create(SubmitRecoveryCodeRequestSchema, { flowId, code, browser: browserOf(browser) }),
        handlerContext(),
      ),
    submitNew: (flowId: string, newPassword: string, browser: Browser = {}) =>
      submitNewPassword(dependencies)(
        create(SubmitNewPasswordRequestSchema, { flowId, newPassword, browser: browserOf(browser) }),
        handlerContext(),
      ),
    /** Begins a flow by a password. */
    attempt: (username: string, password: string, browser: Browser = {}, { tenantId = "t1", ...asked }: Asked = {}) =>
      submitPassword(dependencies)(
        create(SubmitPasswordRequestSchema, { username, password, browser: browserOf(browser), ...asked }),
        handlerContext({ tenantId }),
      ),
    advance(milliseconds: number): void {
      now += milliseconds;
    },
    /** Every flow that is kept. */
    keptFlows: async () =>
      (await store.tenant("t1").page(flows, { index: "id", limit: 100 })).items.map(({ record }) => record),
    events: async () => (await store.system().outbox(0, 1_000)).map(({ event }) => event),
  };
}

export { refusal } from "../host/testing/refusal.ts";
