import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { encodeCbor, type Cbor } from "./cbor.ts";

/** What an authenticator does otherwise than a well-made one, to see that it is refused. */
export interface Otherwise {
  /** Origin of the page that asks, as the browser says. */
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  /** The counter that it says, in the place of the next one. */
  readonly counter?: number;
  readonly userHandle?: string;
  /** The attestation statement, in the place of none. */
  readonly attestation?: { readonly format: string; readonly statement: ReadonlyMap<string, Cbor> };
  /** Whether the signature is of something else. */
  readonly forged?: boolean;
}

/** How an authenticator is made. */
export interface Making {
  readonly origin: string;
  readonly algorithm?: "ES256" | "EdDSA" | "RS256";
  /** 16 bytes in hex; none: zeros. */
  readonly aaguid?: string;
  /** Whether its keys go to other devices, and have by now. */
  readonly backupEligible?: boolean;
  readonly backedUp?: boolean;
  /** Whether it verifies its user; as a security key without a PIN does not. */
  readonly verifiesUser?: boolean;
  /** Whether it counts signatures. */
  readonly counts?: boolean;
  /** Whether it signs its own attestation (`packed`, without a certificate). */
  readonly attestsItself?: boolean;
}

interface Credential {
  readonly id: Buffer;
  readonly rpId: string;
  readonly userHandle: string;
  readonly privateKey: KeyObject;
  counter: number;
}

/** An authenticator and its browser, made of `node:crypto`: what they answer is what WebAuthn Level 3 says. */
export interface SoftwareAuthenticator {
  /** Makes a credential by options in JSON; answers `JSON.stringify(credential)`. */
  create(optionsJson: string, otherwise?: Otherwise): string;
  /** Signs by one of its credentials: the first one that the options allow. */
  get(optionsJson: string, otherwise?: Otherwise): string;
  /** Ids of its credentials, in base64url. */
  credentialIds(): readonly string[];
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
  readonly pubKeyCredParams: readonly { readonly alg: number }[];
  readonly excludeCredentials: readonly { readonly id: string }[];
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest();
const cose = { ES256: -7, EdDSA: -8, RS256: -257 } as const;

/** A new one, without credentials. */
export function softwareAuthenticator(making: Making): SoftwareAuthenticator {
  const { algorithm = "ES256", aaguid = "0".repeat(32), verifiesUser = true, counts = true } = making;
  const credentials: Credential[] = [];

  const clientData = (type: string, challenge: string, otherwise: Otherwise) =>
    Buffer.from(
      JSON.stringify({
        type: otherwise.type ?? type,
        challenge: otherwise.challenge ?? challenge,
        origin: otherwise.origin ?? making.origin,
        crossOrigin: otherwise.crossOrigin ?? false,
      }),
    );

  function authenticatorData(credential: Credential, otherwise: Otherwise, attested?: Uint8Array): Buffer {
    const { userPresent = true, userVerified = verifiesUser, rpId = credential.rpId } = otherwise;
    const flags =
      (userPresent ? 1 : 0) |
      (userVerified ? 4 : 0) |
      (making.backupEligible ? 8 : 0) |
      (making.backedUp ? 16 : 0) |
      (attested === undefined ? 0 : 64);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(otherwise.counter ?? (counts ? (credential.counter += 1) : 0));
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, attested ?? Buffer.alloc(0)]);
  }

  function signature({ privateKey }: Credential, data: Buffer, { forged = false }: Otherwise): Buffer {
    return sign(algorithm === "EdDSA" ? null : "sha256", forged ? Buffer.from("something else") : data, privateKey);
  }

  return {
    credentialIds: () => credentials.map(({ id }) => id.toString("base64url")),
    create(optionsJson, otherwise = {}) {
      const { challenge, rp, user, pubKeyCredParams, excludeCredentials } = JSON.parse(optionsJson) as CreationOptions;
      if (!pubKeyCredParams.some(({ alg }) => alg === cose[algorithm])) throw new Error("NotSupportedError");
      const excluded = credentials.some(({ id }) =>
        excludeCredentials.some((one) => one.id === id.toString("base64url")),
      );
      if (excluded) throw new Error("InvalidStateError");
      const { privateKey, publicKey } = keyPair(algorithm);
      const userHandle = Buffer.from(user.id, "base64url").toString();
      const credential = { id: randomBytes(32), rpId: rp.id, userHandle, privateKey, counter: 0 };
      credentials.push(credential);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(credential.id.length);
      const attested = [Buffer.from(aaguid, "hex"), length, credential.id, encodeCbor(publicKey)];
      const clientDataJson = clientData("webauthn.create", challenge, otherwise);
      const authData = authenticatorData(credential, otherwise, Buffer.concat(attested));
      const signed = Buffer.concat([authData, sha256(clientDataJson)]);
      const own = new Map<string, Cbor>([
        ["alg", cose[algorithm]],
        ["sig", signature(credential, signed, otherwise)],
      ]);
      const { format, statement } =
        otherwise.attestation ??
        (making.attestsItself ? { format: "packed", statement: own } : { format: "none", statement: new Map() });
      const attestationObject = encodeCbor(
        new Map<string, Cbor>([
          ["fmt", format],
          ["attStmt", statement],
          ["authData", authData],
        ]),
      );
      return JSON.stringify({
        id: credential.id.toString("base64url"),
        rawId: credential.id.toString("base64url"),
        type: "public-key",
        authenticatorAttachment: "platform",
        clientExtensionResults: { credProps: { rk: true } },
        response: {
          clientDataJSON: clientDataJson.toString("base64url"),
          attestationObject: attestationObject.toString("base64url"),
          transports: ["internal"],
        },
      });
    },
    get(optionsJson, otherwise = {}) {
      const { challenge, rpId, allowCredentials = [] } = JSON.parse(optionsJson) as RequestOptions;
      const credential = credentials.find(
        ({ id, rpId: of }) =>
          of === rpId &&
          (allowCredentials.length === 0 || allowCredentials.some((one) => one.id === id.toString("base64url"))),
      );
      if (credential === undefined) throw new Error("NotAllowedError");
      const clientDataJson = clientData("webauthn.get", challenge, otherwise);
      const authData = authenticatorData(credential, otherwise);
      const signed = Buffer.concat([authData, sha256(clientDataJson)]);
      return JSON.stringify({
        id: credential.id.toString("base64url"),
        rawId: credential.id.toString("base64url"),
        type: "public-key",
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientDataJson.toString("base64url"),
          authenticatorData: authData.toString("base64url"),
          signature: signature(credential, signed, otherwise).toString("base64url"),
          userHandle: Buffer.from(otherwise.userHandle ?? credential.userHandle).toString("base64url"),
        },
      });
    },
  };
}

/** A key pair, its public half as COSE writes it (RFC 9053). */
function keyPair(algorithm: keyof typeof cose): { readonly privateKey: KeyObject; readonly publicKey: Cbor } {
  const { privateKey, publicKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : algorithm === "EdDSA"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = publicKey.export({ format: "jwk" }) as Readonly<Record<"x" | "y" | "n" | "e", string | undefined>>;
  const bytes = (name: keyof typeof jwk) => Buffer.from(jwk[name] ?? "", "base64url");
  const parameters: readonly (readonly [number, Cbor])[] =
    algorithm === "ES256"
      ? [
          [1, 2],
          [3, cose.ES256],
          [-1, 1],
          [-2, bytes("x")],
          [-3, bytes("y")],
        ]
      : algorithm === "EdDSA"
        ? [
            [1, 1],
            [3, cose.EdDSA],
            [-1, 6],
            [-2, bytes("x")],
          ]
        : [
            [1, 3],
            [3, cose.RS256],
            [-1, bytes("n")],
            [-2, bytes("e")],
          ];
  return { privateKey, publicKey: new Map(parameters) };
}
