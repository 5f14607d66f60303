import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";

/** A credential that a browser made. */
export interface MadeCredential {
  readonly response: RegistrationResponseJSON;
  /** Whether it can be found without naming it, as the browser says (WebAuthn §10.1.3). */
  readonly discoverable: boolean;
}

const base64url = /^[A-Za-z0-9_-]+$/;
/** At most 1023 bytes (WebAuthn §4). */
const longestId = 1_364;
const transport = /^[a-z-]{1,32}$/;
const mostTransports = 10;

/**
 * Reads `RegistrationResponseJSON` (WebAuthn §5.1), of which only what is needed: what else is there changes with browsers.
 * Undefined for what is none.
 */
export function readRegistration(text: string): MadeCredential | undefined {
  const { credential, response } = readCredential(text);
  const [clientDataJSON, attestationObject] = [
    bytesOf(response, "clientDataJSON"),
    bytesOf(response, "attestationObject"),
  ];
  if (credential === undefined || clientDataJSON === undefined || attestationObject === undefined) return undefined;
  const { id, extensions } = credential;
  return {
    response: {
      ...asPublicKey(id),
      response: { clientDataJSON, attestationObject, transports: transportsOf(response["transports"]) },
    },
    discoverable: memberOf(memberOf(extensions, "credProps"), "rk") === true,
  };
}

/** Reads `AuthenticationResponseJSON` in the same way. */
export function readAssertion(text: string): AuthenticationResponseJSON | undefined {
  const { credential, response } = readCredential(text);
  const clientDataJSON = bytesOf(response, "clientDataJSON");
  const authenticatorData = bytesOf(response, "authenticatorData");
  const signature = bytesOf(response, "signature");
  if (
    credential === undefined ||
    clientDataJSON === undefined ||
    authenticatorData === undefined ||
    signature === undefined
  ) {
    return undefined;
  }
  const userHandle = bytesOf(response, "userHandle");
  return {
    ...asPublicKey(credential.id),
    response: {
      clientDataJSON,
      authenticatorData,
      signature,
      ...(userHandle === undefined ? {} : { userHandle }),
    },
  };
}

/** Whether what was signed says that the page which asked stood within a page of another origin: ours never do. */
export function isFromFrame(clientDataJSON: string): boolean {
  const clientData = parsed(Buffer.from(clientDataJSON, "base64url").toString("utf8"));
  return memberOf(clientData, "crossOrigin") === true || memberOf(clientData, "topOrigin") !== undefined;
}

/** The challenge that was signed, in base64url; empty for what has none. */
export function challengeOf(clientDataJSON: string): string {
  const challenge = memberOf(parsed(Buffer.from(clientDataJSON, "base64url").toString("utf8")), "challenge");
  return typeof challenge === "string" ? challenge : "";
}

const asPublicKey = (id: string) => ({ id, rawId: id, type: "public-key", clientExtensionResults: {} }) as const;

type Members = Readonly<Record<string, unknown>>;

function readCredential(text: string): {
  readonly credential: { readonly id: string; readonly extensions: unknown } | undefined;
  readonly response: Members;
} {
  const sent = membersOf(parsed(text));
  const id = bytesOf(sent, "id");
  const isOne = id !== undefined && id.length <= longestId && sent["rawId"] === id && sent["type"] === "public-key";
  const credential = isOne ? { id, extensions: sent["clientExtensionResults"] } : undefined;
  return { credential, response: membersOf(sent["response"]) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON, and so no credential
  }
}

const membersOf = (value: unknown): Members => (typeof value === "object" && value !== null ? (value as Members) : {});

function memberOf(value: unknown, name: string): unknown {
  const members = membersOf(value);
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function bytesOf(members: Members, name: string): string | undefined {
  const value = memberOf(members, name);
  return typeof value === "string" && base64url.test(value) ? value : undefined;
}

const transportsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [])
    .filter((one): one is string => typeof one === "string" && transport.test(one))
    .slice(0, mostTransports);
