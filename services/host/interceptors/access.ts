import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { Target } from "#gen/koder/options/v1/access_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callKey, readActor, serviceNames, type Call, type Caller, type ServiceName } from "../call.ts";
import { challengeOf } from "../challenges.ts";
import type { Credential, CredentialVerifier, Presentation } from "../credentials/credential-verifier.ts";
import { whileGood } from "../streamed.ts";
import { failure } from "../failure.ts";
import { holds } from "../held-permissions.ts";
import { reachesInstance } from "../instance-reach.ts";
import { internalHeaders } from "../internal-headers.ts";
import { methodPath } from "../method-path.ts";
import { tenantHeaderUseless } from "../tenant-header.ts";
import { systemTenant } from "../../store/check-input.ts";
import type { Tenants } from "../tenants.ts";
import { deadlines } from "./deadline.ts";
import { arrivalOf, type Arrival } from "./arrival.ts";
import { errorInfoOf } from "./error-mapping.ts";
import type { AccessRule } from "./access-rule.ts";

/** The token that a call to a method for BOOTSTRAP_TOKEN presented; the handler compares it. */
export const presentedTokenKey = createContextKey<string | undefined>(undefined, { description: "presented token" });

export interface AccessDependencies {
  readonly rules: ReadonlyMap<DescMethod, AccessRule>;
  readonly credentials: CredentialVerifier;
  readonly tenants: Tenants;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

interface Request {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly message: unknown;
  readonly signal: AbortSignal;
}

/**
 * Decides, by the method's `access` option alone, who may call, and makes the `Call` that the handler sees. Denies by
 * default: a method without a rule is refused. A service token speaks for the service; what a user or a program may do is
 * proven by their own credential, which is verified here whoever hands it on.
 */
export function accessInterceptor(dependencies: AccessDependencies): Interceptor {
  return (next) => (request) => {
    const arrival = arrivalOf(request.contextValues);
    const rule = dependencies.rules.get(request.method);
    if (rule === undefined) throw failure(ErrorReason.PERMISSION_DENIED, "the method is not open to anybody");
    if (arrival.service !== undefined && rule.services.has(arrival.service.service)) {
      // The token says which tenant; a header beside it came from elsewhere, and is not passed over in silence.
      if (arrival.askedTenant !== undefined) throw tenantHeaderRefused();
      request.contextValues.set(
        callKey,
        serviceCall(request, arrival, arrival.service.service, arrival.service.tenantId),
      );
      return next(request);
    }
    return admitted(next, request, arrival, rule);
  };

  async function admitted(
    next: Parameters<Interceptor>[0],
    request: Parameters<ReturnType<Interceptor>>[0],
    arrival: Arrival,
    rule: AccessRule,
  ): ReturnType<ReturnType<Interceptor>> {
    const call = await admit(dependencies, rule, request, arrival);
    request.contextValues.set(callKey, call);
    if (rule.bootstrapToken) request.contextValues.set(presentedTokenKey, presentedToken(request.header));
    const response = await next(request);
    if (!response.stream) return response;
    // A stream is a use that goes on: whoever lost the right, or whose credential ended, is told nothing more.
    const check = async (): Promise<void> => {
      const { clock } = dependencies;
      const at = { ...arrival, deadline: clock() + deadlines.usual };
      const { caller, tenantId } = await admit(dependencies, rule, request, at, { isAgain: true });
      if (tenantId !== call.tenantId || reach(caller) < reach(call.caller)) throw denied(rule.permission);
    };
    const { signal } = request;
    return { ...response, message: whileGood(response.message, { check, every: askedAgainEvery, signal }) };
  }
}

/** How far a caller's right reaches: 1 for the instance. */
const reach = (caller: Caller): number => (reachesInstance(caller) ? 1 : 0);

/** How often the credential of a stream is verified again, in milliseconds. */
const askedAgainEvery = 5_000;

/** Whether a call that was admitted before is asked about once more. */
interface Asked {
  readonly isAgain: boolean;
}

const publicActor = { id: "", type: ActorType.UNSPECIFIED };

/** A call of ours to find out who calls, before it is known in whose tenant. */
const aboveTenants = ({ requestId, deadline }: Arrival) => ({
  requestId,
  deadline,
  actor: publicActor,
  tenantId: systemTenant,
});

async function admit(
  dependencies: AccessDependencies,
  rule: AccessRule,
  request: Request,
  arrival: Arrival,
  asked: Asked = { isAgain: false },
): Promise<Call> {
  if (rule.user || rule.client) return admitCredential(dependencies, rule, request, arrival, asked);
  // Whether a flow's id is right, the handler finds out: it is the secret that opens its record.
  if (!rule.isPublic && !rule.bootstrapToken && !rule.flow) {
    throw failure(ErrorReason.SERVICE_TOKEN_INVALID, "the method is for services of this system");
  }
  if (arrival.askedTenant !== undefined) {
    throw failure(ErrorReason.TENANT_HEADER_REFUSED, tenantHeaderUseless);
  }
  if (rule.bootstrapToken && presentedToken(request.header) === undefined) {
    throw failure(ErrorReason.CREDENTIAL_MISSING, "send the bootstrap token as Authorization: Bearer …");
  }
  const { tenants } = dependencies;
  const tenantId = arrival.service?.tenantId ?? (await tenants.lookup(aboveTenants(arrival), "")).id;
  return makeCall(request, arrival, tenantId, { kind: "public" }, publicActor);
}

async function admitCredential(
  dependencies: AccessDependencies,
  rule: AccessRule,
  request: Request,
  arrival: Arrival,
  asked: Asked,
): Promise<Call> {
  const authorization = request.header.get("authorization");
  if (authorization === null) {
    if (arrival.askedTenant !== undefined) throw tenantHeaderRefused();
    throw failure(ErrorReason.CREDENTIAL_MISSING, "send a credential as Authorization: Bearer …");
  }
  try {
    return await admitAuthorization(dependencies, rule, request, arrival, { ...asked, authorization });
  } catch (error) {
    throw challenged(error, authorization, rule);
  }
}

/**
 * Says in the challenge that a credential is not good, unless that was said where more is known of it (RFC 6750 §3.1), or that its
 * sign-in is too old (RFC 9470 §3): by that a client knows whether to refresh its token or to ask the person.
 */
function challenged(error: unknown, authorization: string, { maxAuthAge = 0 }: AccessRule): unknown {
  if (!(error instanceof ConnectError) || error.metadata.has("www-authenticate")) return error;
  const said: Readonly<Record<string, string>> = {
    CREDENTIAL_INVALID: 'error="invalid_token"',
    SIGN_IN_TOO_OLD: `error="insufficient_user_authentication", max_age="${Math.floor(maxAuthAge / 1000)}"`,
  };
  const what = said[errorInfoOf(error)?.reason ?? ""];
  if (what !== undefined) error.metadata.set("www-authenticate", `${challengeOf(authorization)}, ${what}`);
  return error;
}

async function admitAuthorization(
  { credentials, tenants, clock }: AccessDependencies,
  rule: AccessRule,
  request: Request,
  arrival: Arrival,
  { isAgain, authorization }: Asked & { readonly authorization: string },
): Promise<Call> {
  const presentation = { ...presentationOf(request, arrival), isAgain };
  const credential = await credentials.verify(authorization, aboveTenants(arrival), presentation);
  const tenantId = await tenantFor(tenants, credential, arrival);
  const { caller } = credential;
  if (!(caller.kind === "user" ? rule.user : rule.client)) throw notOpenTo(caller);
  checkRight(rule, caller, request.message, tenantId === credential.tenantId);
  if (rule.maxAuthAge !== undefined && caller.kind === "user" && clock() - caller.authTime * 1000 > rule.maxAuthAge) {
    throw signInTooOld(caller);
  }
  return makeCall(request, arrival, tenantId, caller, actorOf(caller));
}

/**
 * How the credential came: with which proof, for which request. The gateway says what it was asked; on a port of ours it is the
 * method itself, wherever the port is.
 */
function presentationOf({ method, header }: Request, arrival: Arrival): Presentation {
  const told = arrival.service === undefined ? null : header.get(internalHeaders.target);
  const [verb = "", path = ""] = told?.split(" ") ?? ["POST", methodPath(method)];
  return { proof: header.get("dpop") ?? "", method: verb, path };
}

/** The tenant that the call is about, which the credential must reach. */
async function tenantFor(tenants: Tenants, credential: Credential, arrival: Arrival): Promise<string> {
  if (arrival.askedTenant !== undefined) {
    if (!credential.caller.instance) throw tenantHeaderRefused();
    return (await tenants.lookup(aboveTenants(arrival), arrival.askedTenant)).id;
  }
  const tenantId = arrival.service?.tenantId ?? credential.tenantId;
  if (tenantId !== credential.tenantId && !credential.caller.instance) {
    throw failure(ErrorReason.CREDENTIAL_INVALID, "the credential belongs to another tenant");
  }
  return tenantId;
}

const tenantHeaderRefused = () =>
  failure(ErrorReason.TENANT_HEADER_REFUSED, "X-Koder-Tenant needs a credential with INSTANCE authority");

/** `isAtHome`: whether the call is about the tenant that the credential is of. */
function checkRight(rule: AccessRule, caller: Credential["caller"], message: unknown, isAtHome: boolean): void {
  if (rule.target === Target.SELF || rule.target === Target.SELF_OR_PERMISSION) {
    const asked = rule.resourceId?.(message);
    const isOwn = caller.kind === "user" && (asked === "me" || asked === caller.userId);
    if (isOwn && !isAtHome) throw accountElsewhere();
    if (isOwn && caller.scopes.has(rule.accountScope)) return;
    if (asked === "me" && caller.kind === "client") throw noAccount();
    // `me` is nobody else, whatever the permission.
    if (rule.target === Target.SELF || asked === "me") throw denied(isOwn ? rule.accountScope : rule.permission);
  }
  if (rule.target === Target.INSTANCE && !caller.instance) throw denied(`${rule.permission} for the instance`);
  if (!holds(caller, rule.permission)) throw denied(rule.permission);
}

/** Authority over the instance reaches into every tenant; the account of whoever has it is in one. */
const accountElsewhere = () =>
  failure(
    ErrorReason.PERMISSION_DENIED,
    "your own account is in another tenant: leave X-Koder-Tenant out, and call a host of your tenant",
  );

/** The answer to a person where programs call, and to a program where people do. */
function notOpenTo(caller: Credential["caller"]): ConnectError {
  if (caller.kind === "user") {
    return failure(ErrorReason.PERMISSION_DENIED, "the method is for clients and API keys, not for people");
  }
  const what = caller.apiKeyId === undefined ? "a client" : "an API key";
  return failure(
    ErrorReason.PERMISSION_DENIED,
    `the method is for people who signed in: ${what} has no account of its own`,
  );
}

/** A personal access token has no session: it is no sign-in, and another one makes nothing of it. */
const signInTooOld = ({ sessionId }: Extract<Caller, { kind: "user" }>) =>
  failure(
    ErrorReason.SIGN_IN_TOO_OLD,
    sessionId === ""
      ? "the method asks for a sign-in of just now, and a personal access token is none: sign in to an application"
      : "the sign-in is too old for this; sign in again",
  );

const noAccount = () =>
  failure(ErrorReason.PERMISSION_DENIED, "a program or a key has no account of its own: name the user by their id");

/** `permission`: what is lacking, which may be a scope; empty where nothing would open the method. */
const denied = (permission: string) =>
  failure(
    ErrorReason.PERMISSION_DENIED,
    permission === ""
      ? "the credential reaches its own user only"
      : `the credential lacks the permission ${permission}`,
    { metadata: permission === "" ? {} : { permission } },
  );

function actorOf(caller: Credential["caller"]): Call["actor"] {
  if (caller.kind === "user") return { id: caller.userId, type: ActorType.USER };
  return caller.apiKeyId === undefined
    ? { id: caller.clientId ?? "", type: ActorType.CLIENT }
    : { id: caller.apiKeyId, type: ActorType.API_KEY };
}

function serviceCall(request: Request, arrival: Arrival, service: string, tenantId: string): Call {
  const name = serviceNames.find((known) => known === service);
  if (name === undefined) throw failure(ErrorReason.SERVICE_TOKEN_INVALID, "the service token names no service");
  return makeCall(request, arrival, tenantId, { kind: "service", service: name }, forwardedActor(request.header, name));
}

/** Who is behind a service's call, as it says; itself when it says nothing. */
function forwardedActor(header: Headers, service: ServiceName): Call["actor"] {
  return readActor(header.get(internalHeaders.actor) ?? "") ?? { id: service, type: ActorType.SERVICE };
}

function makeCall(
  { signal, header }: Request,
  { requestId, deadline, service }: Arrival,
  tenantId: string,
  caller: Caller,
  actor: Call["actor"],
): Call {
  const clientAddress = (service === undefined ? null : header.get(internalHeaders.clientAddress)) ?? "";
  return { requestId, deadline, tenantId, caller, actor, clientAddress, signal };
}

function presentedToken(header: Headers): string | undefined {
  const bearer = /^Bearer +([^ ]+)$/i.exec(header.get("authorization") ?? "")?.[1];
  return bearer ?? header.get(internalHeaders.bootstrapToken) ?? undefined;
}
