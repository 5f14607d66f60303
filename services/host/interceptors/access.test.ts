import { generateKeyPairSync } from "node:crypto";
import { create, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { Code, ConnectError, type HandlerContext, type Transport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { SystemService } from "#gen/koder/admin/v1/system_service_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { Health } from "#gen/grpc/health/v1/health_pb.ts";
import { createServiceTokenIssuer, createServiceTokenVerifier, generateServiceKey } from "../../vault/service-token.ts";
import { callOf, type Call } from "../call.ts";
import type { Credential } from "../credentials/credential-verifier.ts";
import { failure } from "../failure.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { ServiceModule } from "../service-module.ts";
import { createLocalTransport } from "../transport/local-transport.ts";
import { accessRules, accessRule, type AccessRule } from "./access-rule.ts";
import { presentedTokenKey } from "./access.ts";
import { errorInfoOf, type Fault } from "./error-mapping.ts";
import { serviceInterceptors } from "./interceptors.ts";

const userId = "01JPERSN000000000000000000";
const otherId = "01JXYZ00000000000000000000";
const start = 1_000_000_000;
let now = start;
const clock = () => now;
const keys = { gateway: generateServiceKey(), auth: generateServiceKey(), oauth: generateServiceKey() };

const user = (overrides: Partial<Extract<Credential["caller"], { kind: "user" }>> = {}): Credential => ({
  tenantId: "t1",
  caller: {
    kind: "user",
    userId,
    clientId: "app",
    sessionId: "s",
    scopes: new Set(["openid", "account.read", "account.write"]),
    permissions: new Set(),
    instance: false,
    authTime: start / 1000,
    ...overrides,
  },
});
const apiKey = (permissions: readonly string[], instance = false, tenantId = "t1"): Credential => ({
  tenantId,
  caller: { kind: "client", clientId: undefined, apiKeyId: "key", permissions: new Set(permissions), instance },
});

/** What `Authorization: Bearer <name>` stands for. */
const credentials: Readonly<Record<string, Credential>> = {
  person: user(),
  "owner-in-an-app": user({ permissions: new Set(["*"]), instance: true }),
  "owner-in-the-console": user({
    permissions: new Set(["*"]),
    instance: true,
    scopes: new Set(["openid", "users.read", "users.write", "system.read"]),
  }),
  "person-in-an-app": user({ scopes: new Set(["openid", "profile"]) }),
  "person-in-a-reading-app": user({ scopes: new Set(["openid", "account.read"]) }),
  "person-in-a-writing-app": user({ scopes: new Set(["openid", "account.write"]) }),
  "personal-access-token": user({ clientId: "", sessionId: "", authTime: 0 }),
  machine: {
    tenantId: "t1",
    caller: { kind: "client", clientId: "m", apiKeyId: undefined, permissions: new Set(), instance: false },
  },
  reader: apiKey(["users.read"]),
  everything: apiKey(["*"]),
  instance: apiKey(["*"], true),
  elsewhere: apiKey(["*"], false, "t2"),
};

let seen: Call | undefined;
let presented: string | undefined;
let faults: Fault[];
let transport: Transport;
/** As the descriptors have them, until a test changes one. */
let rules: Map<DescMethod, AccessRule>;

/** Every method of these services, answering nothing and noting its call. */
function noting(services: readonly DescService[]): ServiceModule {
  return {
    name: "identity",
    implementations: services.map((service) => ({
      service,
      methods: Object.fromEntries(
        service.methods.map((method) => [
          method.localName,
          (_request: unknown, context: Pick<HandlerContext, "values">) => {
            seen = callOf(context);
            presented = context.values.get(presentedTokenKey);
            if (seen.requestId === "01JFAVR7000000000000000000") throw new Error("a fault with a secret in it");
            return create(method.output);
          },
        ]),
      ),
    })),
  };
}

beforeEach(() => {
  now = start;
  seen = undefined;
  faults = [];
  const module = noting([UserService, CredentialService, SystemService]);
  const tenant = (id: string) => create(TenantSchema, { id, active: true });
  rules = new Map(accessRules(module.implementations.map(({ service }) => service)));
  const interceptors = serviceInterceptors({
    rules,
    verifyServiceToken: createServiceTokenVerifier({
      keys: new Map(Object.entries(keys).map(([name, { publicKey }]) => [name, [publicKey]])),
      audience: "identity",
      clock,
    }),
    credentials: {
      async verify(authorization) {
        const found = credentials[authorization.replace("Bearer ", "")];
        if (found === undefined) throw failure(ErrorReason.CREDENTIAL_INVALID, "unknown");
        return found;
      },
    },
    tenants: {
      get: async ({ tenantId }) => tenant(tenantId),
      async lookup(_work, id) {
        if (id === "nobody") throw failure(ErrorReason.TENANT_NOT_FOUND, "no such tenant");
        return tenant(id || "t1");
      },
    },
    validator: createValidator(),
    tell: () => undefined,
    report: (fault) => void faults.push(fault),
    clock,
  });
  transport = createLocalTransport(module, { interceptors, freeze: true });
});

const token = (from: keyof typeof keys, method: DescMethod, overrides: Partial<Record<string, string>> = {}) =>
  createServiceTokenIssuer({ service: from, privateKey: keys[from].privateKey, clock })({
    audience: "identity",
    method: `${method.parent.typeName}/${method.name}`,
    tenantId: "t1",
    ...overrides,
  });

/** Calls a method; answers `ok`, or the reason that it was refused with. */
async function call(method: DescMethod, headers: Record<string, string> = {}, request: object = {}): Promise<string> {
  try {
    await transport.unary(method as never, undefined, undefined, headers, request as never);
    return "ok";
  } catch (error) {
    const { reason, metadata } = errorInfoOf(ConnectError.from(error)) ?? {};
    expect(metadata?.["id"]).toMatch(/^KID-[A-Z]+-\d{3}-[0-9A-Z]{6}$/);
    return reason ?? String(error);
  }
}
const as = (name: string) => ({ authorization: `Bearer ${name}` });
const { getUser, listUsers, createUser } = UserService.method;
const { getClaims, verifyPassword } = CredentialService.method;

describe("deny by default", () => {
  test("a method without an access option cannot be served", () => {
    expect(() => accessRule(Health.method.check)).toThrow("has no access option");
  });

  test("no credential reaches nothing here, whatever the method", async () => {
    for (const { methods } of [UserService, CredentialService, SystemService]) {
      for (const method of methods) {
        expect(["CREDENTIAL_MISSING", "SERVICE_TOKEN_INVALID"], method.name).toContain(await call(method));
        expect(await call(method, as("nobody")), method.name).not.toBe("ok");
        expect(seen).toBeUndefined();
      }
    }
  });

  test("methods for services are not for people or keys, whoever they are", async () => {
    for (const name of Object.keys(credentials)) {
      for (const method of CredentialService.methods) {
        expect(await call(method, as(name))).toBe("SERVICE_TOKEN_INVALID");
      }
    }
  });

  test("a service's token opens what names the service, and nothing else", async () => {
    const claims = { userId };
    expect(await call(getClaims, { "x-koder-service-token": token("oauth", getClaims) }, claims)).toBe("ok");
    expect(seen).toMatchObject({ tenantId: "t1", caller: { kind: "service", service: "oauth" } });
    // Not on the list of the method.
    expect(await call(getClaims, { "x-koder-service-token": token("gateway", getClaims) }, claims)).toBe(
      "SERVICE_TOKEN_INVALID",
    );
    // A gateway's call to a person's method says nothing of the person.
    expect(await call(getUser, { "x-koder-service-token": token("gateway", getUser) }, { userId })).toBe(
      "CREDENTIAL_MISSING",
    );
    expect(
      await call(getUser, { "x-koder-service-token": token("gateway", getUser), ...as("person") }, { userId }),
    ).toBe("ok");
  });

  test("a service token for another method, audience or by another key is refused outright", async () => {
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const forged = createServiceTokenIssuer({ service: "oauth", privateKey: stranger, clock });
    const binding = { audience: "identity", method: "koder.identity.v1.CredentialService/GetClaims", tenantId: "t1" };
    for (const bad of [
      token("oauth", verifyPassword),
      token("oauth", getClaims, { audience: "session" }),
      forged(binding),
      "",
      "eyJhbGciOiJub25lIn0.e30.",
    ]) {
      expect(await call(getClaims, { "x-koder-service-token": bad }, { userId })).toBe("SERVICE_TOKEN_INVALID");
      expect(await call(getUser, { "x-koder-service-token": bad, ...as("everything") }, { userId })).toBe(
        "SERVICE_TOKEN_INVALID",
      );
    }
  });

  test("a service token is good for sixty seconds, and not before it was made", async () => {
    const made = { "x-koder-service-token": token("oauth", getClaims) };
    now += 59_999;
    expect(await call(getClaims, made, { userId })).toBe("ok");
    now += 1;
    expect(await call(getClaims, made, { userId })).toBe("SERVICE_TOKEN_INVALID");
    const later = { "x-koder-service-token": token("oauth", getClaims) };
    now -= 6_000;
    expect(await call(getClaims, later, { userId })).toBe("SERVICE_TOKEN_INVALID");
  });

  test("a service token's tenant is the call's, and a header does not change it", async () => {
    const inT2 = { "x-koder-service-token": token("oauth", getClaims, { tenantId: "t2" }) };
    expect(await call(getClaims, inT2, { userId })).toBe("ok");
    expect(seen?.tenantId).toBe("t2");
    seen = undefined;
    expect(await call(getClaims, { ...inT2, "x-koder-tenant": "t1" }, { userId })).toBe("TENANT_HEADER_REFUSED");
    expect(seen).toBeUndefined();
  });

  test("a method whose rule is taken away, or is for credentials that do not exist yet, is for nobody", async () => {
    const everybody = { "x-koder-service-token": token("gateway", listUsers), ...as("instance") };
    expect(await call(listUsers, everybody)).toBe("ok");
    rules.set(listUsers, { ...accessRule(listUsers), user: false, client: false });
    expect(await call(listUsers, everybody)).toBe("SERVICE_TOKEN_INVALID");
    rules.delete(listUsers);
    expect(await call(listUsers, everybody)).toBe("PERMISSION_DENIED");
  });

  test("the bootstrap token opens its method to the handler alone, which is given it to compare", async () => {
    const { bootstrap } = SystemService.method;
    const input = { username: "owner", password: "a long enough password" };
    expect(await call(bootstrap, {}, input)).toBe("CREDENTIAL_MISSING");
    expect(await call(bootstrap, { authorization: "Basic x" }, input)).toBe("CREDENTIAL_MISSING");
    expect(await call(bootstrap, as("anything"), input)).toBe("ok");
    expect([seen?.caller, presented]).toEqual([{ kind: "public" }, "anything"]);
    expect(await call(bootstrap, { "x-koder-bootstrap-token": "another" }, input)).toBe("ok");
    expect(presented).toBe("another");
    expect(await call(getUser, as("person"), { userId })).toBe("ok");
    expect(presented).toBeUndefined();
  });

  test("who is behind a call is believed from services only", async () => {
    const actor = { "x-koder-actor": "USER:somebody" };
    await call(getClaims, { "x-koder-service-token": token("oauth", getClaims), ...actor }, { userId });
    expect(seen?.actor.id).toBe("somebody");
    await call(getUser, { ...as("person"), ...actor }, { userId });
    expect(seen?.actor.id).toBe(userId);
  });
});

describe("rights", () => {
  test.each([
    ["person", "PERMISSION_DENIED"],
    ["machine", "PERMISSION_DENIED"],
    ["owner-in-an-app", "PERMISSION_DENIED"],
    ["owner-in-the-console", "ok"],
    ["reader", "ok"],
    ["everything", "ok"],
    ["instance", "ok"],
  ])("%s lists users: %s", async (name, answer) => expect(await call(listUsers, as(name))).toBe(answer));

  test("reading is not writing", async () => {
    expect(await call(createUser, as("reader"), { user: {} })).toBe("PERMISSION_DENIED");
    expect(await call(createUser, as("everything"), { user: {} })).toBe("ok");
  });

  test("oneself by id or `me`, and nobody else", async () => {
    expect(await call(getUser, as("person"), { userId: "me" })).toBe("ok");
    expect(await call(getUser, as("person"), { userId })).toBe("ok");
    expect(await call(getUser, as("person"), { userId: otherId })).toBe("PERMISSION_DENIED");
    expect(await call(getUser, as("reader"), { userId: otherId })).toBe("ok");
    for (const name of ["everything", "instance", "machine"]) {
      await expect(
        transport.unary(getUser, undefined, undefined, as(name), { userId: "me" }),
        "a permission would not help, and is not asked for",
      ).rejects.toThrow("has no account of its own");
    }
  });

  test("a program where only people call is told that it has no account", async () => {
    for (const [name, what] of [
      ["everything", "an API key"],
      ["machine", "a client"],
    ] as const) {
      await expect(
        transport.unary(UserService.method.updateProfile, undefined, undefined, as(name), { userId: "me" }),
      ).rejects.toThrow(`the method is for people who signed in: ${what} has no account of its own`);
    }
  });

  test("A11: an application is at somebody's own account by the scope for it alone, whatever they may do", async () => {
    const { updateProfile } = UserService.method;
    const atAccount = async (name: string) => [
      await call(getUser, as(name), { userId: "me" }),
      await call(getUser, as(name), { userId }),
      await call(updateProfile, as(name), { userId: "me", user: {}, updateMask: {} }),
    ];
    const refused = "PERMISSION_DENIED";
    expect(await atAccount("person")).toEqual(["ok", "ok", "ok"]);
    expect(await atAccount("person-in-an-app")).toEqual([refused, refused, refused]);
    expect(await atAccount("person-in-a-reading-app")).toEqual(["ok", "ok", refused]);
    expect(await atAccount("person-in-a-writing-app")).toEqual([refused, refused, "ok"]);
    expect(await atAccount("owner-in-the-console"), "as an administrator, by their id").toEqual([
      refused,
      "ok",
      refused,
    ]);
  });

  test("oneself is in the tenant of one's credential alone, whatever authority reaches further", async () => {
    const { updateProfile } = UserService.method;
    const away = { ...as("owner-in-an-app"), "x-koder-tenant": "t2" };
    const atHostOfT2 = {
      ...as("owner-in-an-app"),
      "x-koder-service-token": token("gateway", getUser, { tenantId: "t2" }),
    };
    for (const id of ["me", userId]) {
      expect(await call(getUser, { ...away, "x-koder-tenant": "t1" }, { userId: id })).toBe("ok");
      expect(await call(getUser, away, { userId: id })).toBe("PERMISSION_DENIED");
      expect(await call(getUser, atHostOfT2, { userId: id })).toBe("PERMISSION_DENIED");
      expect(await call(updateProfile, away, { user: {}, updateMask: {}, userId: id })).toBe("PERMISSION_DENIED");
    }
    expect(await call(getUser, { ...as("owner-in-the-console"), "x-koder-tenant": "t2" }, { userId: otherId })).toBe(
      "ok",
    );
  });

  test("the instance wants INSTANCE authority, whatever the permissions", async () => {
    const { getSystemHealth } = SystemService.method;
    expect(await call(getSystemHealth, as("everything"))).toBe("PERMISSION_DENIED");
    expect(await call(getSystemHealth, as("instance"))).toBe("ok");
  });

  test("a tenant is chosen by INSTANCE authority alone, and a credential is of its own", async () => {
    const chosen = { "x-koder-tenant": "t2" };
    expect(await call(listUsers, { ...as("instance"), ...chosen })).toBe("ok");
    expect(seen?.tenantId).toBe("t2");
    expect(await call(listUsers, { ...as("everything"), ...chosen })).toBe("TENANT_HEADER_REFUSED");
    expect(await call(listUsers, chosen)).toBe("TENANT_HEADER_REFUSED");
    expect(await call(listUsers, { ...as("instance"), "x-koder-tenant": "nobody" })).toBe("TENANT_NOT_FOUND");
    expect(await call(listUsers, { ...as("instance"), "x-koder-tenant": "" })).toBe("TENANT_HEADER_REFUSED");
    const inT1 = { "x-koder-service-token": token("gateway", listUsers) };
    expect(await call(listUsers, { ...inT1, ...as("elsewhere") })).toBe("CREDENTIAL_INVALID");
    expect(await call(listUsers, as("elsewhere"))).toBe("ok");
    expect(seen?.tenantId).toBe("t2");
  });
});

describe("how fresh a sign-in must be", () => {
  beforeEach(() => void rules.set(getUser, { ...accessRule(getUser), maxAuthAge: 300_000 }));

  test("to the second, for people; a program has none", async () => {
    now += 300_000;
    expect(await call(getUser, as("person"), { userId })).toBe("ok");
    now += 1;
    expect(await call(getUser, as("person"), { userId })).toBe("SIGN_IN_TOO_OLD");
    await expect(
      transport.unary(getUser, undefined, undefined, as("personal-access-token"), { userId }),
      "to sign in again changes nothing of it",
    ).rejects.toThrow("a personal access token is none");
    expect(await call(getUser, as("reader"), { userId })).toBe("ok");
  });

  test("an age is told only to who may call at all", async () => {
    now += 300_001;
    expect(await call(getUser, as("person"), { userId: otherId })).toBe("PERMISSION_DENIED");
  });
});

describe("what a caller is told", () => {
  test("in the challenge, what is wrong with the credential (RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3)", async () => {
    const challenge = async (headers: Record<string, string>) => {
      const answer = transport.unary(getUser, undefined, undefined, headers, { userId });
      return ConnectError.from(await answer.catch((caught: unknown) => caught)).metadata.get("www-authenticate");
    };
    expect(await challenge({})).toBe('Bearer realm="koder-id"');
    expect(await challenge(as("nobody"))).toBe('Bearer realm="koder-id", error="invalid_token"');
    expect(await challenge({ authorization: "DPoP nobody" })).toMatch(/^DPoP .*, error="invalid_token"$/);
    expect(await challenge(as("machine"))).toBeNull();
    rules.set(getUser, { ...accessRule(getUser), maxAuthAge: 300_000 });
    now += 300_001;
    expect(await challenge(as("person"))).toBe(
      'Bearer realm="koder-id", error="insufficient_user_authentication", max_age="300"',
    );
  });

  test("each field that breaks a rule", async () => {
    const answer = transport.unary(listUsers, undefined, undefined, as("everything"), {
      pageSize: 1_000,
      email: "a@b.c",
      username: "x",
    });
    const error = ConnectError.from(await answer.catch((caught: unknown) => caught));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field)).toEqual([
      "page_size",
      "",
    ]);
  });

  test("of a fault of ours an id, and the operator the rest", async () => {
    const headers = { ...as("everything"), "x-request-id": "01JFAVR7000000000000000000" };
    const answer = transport.unary(listUsers, undefined, undefined, headers, {});
    const error = ConnectError.from(await answer.catch((caught: unknown) => caught));
    expect([error.code, error.rawMessage, error.cause]).toEqual([
      Code.Internal,
      "something went wrong on our side",
      undefined,
    ]);
    const id = errorInfoOf(error)?.metadata["id"];
    expect(faults).toMatchObject([{ id, reason: "INTERNAL", error: { message: "a fault with a secret in it" } }]);
  });

  test("a call whose time is up is not begun", async () => {
    await expect(transport.unary(listUsers as never, undefined, 0, as("everything"), {})).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    expect(seen).toBeUndefined();
  });
});
