import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AuthorizationSchema, type Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { PushedRequestSchema, type PushedRequest } from "#gen/koder/oauth/store/v1/pushed_request_pb.ts";
import type { Call } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored } from "../../store/store.ts";
import { insert, remove } from "../../store/writes.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { randomToken } from "../../vault/random.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import { pushedRequests } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { checkPushed } from "./check-pushed.ts";
import { checkRedirectUri } from "./check-redirect-uri.ts";

/** RFC 9126 §2.2. */
const prefix = "urn:ietf:params:oauth:request_uri:";
const idUse = "pushed-request-id";

/** Where the token of the session is sealed that a login handle began. */
const tokenPlace = (idHash: string) => ({ collection: pushedRequests.name, id: idHash, field: "sealed_session_token" });

/** A request that was pushed, as a browser, or a client in its place, comes with it. */
export interface TakenUp {
  readonly authorization: Authorization;
  /** Of whoever signed in for it outside of a browser; empty where the browser's own session counts. */
  readonly sessionToken: string;
}

type Needs = Pick<OauthDependencies, "store" | "vault" | "clock" | "lifetimes">;

/** More than ours have. */
const longestRequestUri = 128;

/** The pushed request that a request names in place of its own parameters; undefined where it names none. */
export function pushedRequestUri({ requestUri, duplicateParameters }: AuthorizationParameters): string | undefined {
  if (!requestUri.startsWith(prefix) || requestUri.length > longestRequestUri) return undefined;
  if (duplicateParameters.includes("request_uri")) {
    throw new OAuthRefusal("invalid_request", "request_uri was sent twice");
  }
  return requestUri;
}

/**
 * Keeps a request that was read until a browser comes with it: 128 random bits, of which only the keyed hash is kept. One of
 * the client's is kept for longer than it may be used, so that its answer can use it up, however long its person takes.
 */
export async function storePushedRequest(
  { store, vault, clock, lifetimes }: Needs,
  call: Call,
  authorization: Authorization,
  { byClient, sessionToken = "" }: { readonly byClient: boolean; readonly sessionToken?: string },
): Promise<string> {
  const tenantVault = await vault.tenant(call.tenantId);
  const id = randomToken("", 16);
  const useBefore = clock() + lifetimes.requestUri;
  const idHash = tenantVault.keyedHash(idUse, id);
  const record = create(PushedRequestSchema, {
    idHash,
    ...(sessionToken === ""
      ? {}
      : { sealedSessionToken: tenantVault.seal(tokenPlace(idHash), Buffer.from(sessionToken, "ascii")) }),
    authorization,
    byClient,
    useBefore: timestampFromMs(useBefore),
    expireTime: timestampFromMs(byClient ? useBefore + lifetimes.authorization : useBefore),
  });
  await store.tenant(call.tenantId).commit([insert(pushedRequests, record)], []);
  return `${prefix}${id}`;
}

/**
 * What a browser comes with by a request_uri: the pushed request itself and nothing that stands beside it (RFC 9126 §4), as
 * if it had come now. It may come again while nobody had an answer, as a reload does. Throws an OAuthRefusal for a page of
 * ours: where the answer could go is known by the request alone.
 */
export async function takeUpPushed(
  dependencies: Needs & Pick<OauthDependencies, "oauthPolicies">,
  call: Call,
  client: Client,
  requestUri: string,
): Promise<TakenUp> {
  const stored = await findPushed(dependencies, call, requestUri.slice(prefix.length));
  const { authorization, byClient = false, idHash = "", useBefore } = stored?.record ?? {};
  const now = dependencies.clock();
  if (
    authorization === undefined ||
    authorization.clientId !== client.clientId ||
    useBefore === undefined ||
    now >= timestampMs(useBefore)
  ) {
    throw new OAuthRefusal("invalid_request_uri", "request_uri is unknown, expired, used or of another client");
  }
  checkRedirectUri(client, { redirectUri: authorization.redirectUri, duplicateParameters: [] });
  if (!byClient) checkPushed(client, await dependencies.oauthPolicies.get(call));
  const taken = create(AuthorizationSchema, {
    ...authorization,
    createTime: timestampFromMs(now),
    pushedIdHash: byClient ? idHash : "",
  });
  return { authorization: taken, sessionToken: await openToken(dependencies, call, stored?.record) };
}

async function openToken(
  { vault }: Pick<Needs, "vault">,
  { tenantId }: Pick<Call, "tenantId">,
  { idHash, sealedSessionToken }: Pick<PushedRequest, "idHash" | "sealedSessionToken"> = {
    idHash: "",
    sealedSessionToken: new Uint8Array(),
  },
): Promise<string> {
  if (sealedSessionToken.length === 0) return "";
  const tenantVault = await vault.tenant(tenantId, versionOfBox(sealedSessionToken));
  return Buffer.from(tenantVault.open(tokenPlace(idHash), sealedSessionToken)).toString("ascii");
}

async function findPushed(
  { store, vault }: Pick<Needs, "store" | "vault">,
  call: Call,
  id: string,
): Promise<Stored<typeof PushedRequestSchema> | undefined> {
  const tenantVault = await vault.tenant(call.tenantId);
  return findBySecret(tenantVault, idUse, id, (hash) => store.tenant(call.tenantId).get(pushedRequests, hash));
}

/**
 * Uses up the pushed request that an authorization came of, before its code is issued: of several browsers that came with
 * it, and of two calls at one moment, one gets an answer. Throws an OAuthRefusal for the others.
 */
export async function useUpPushed(
  { store }: Pick<Needs, "store">,
  call: Call,
  { pushedIdHash }: Authorization,
): Promise<void> {
  if (pushedIdHash === "" || (await forgetPushed({ store }, call, pushedIdHash))) return;
  throw new OAuthRefusal("invalid_request_uri", "request_uri was used");
}

/** Forgets a pushed request that was answered by a refusal; false where it was answered before. */
export async function forgetPushed(
  { store }: Pick<Needs, "store">,
  call: Call,
  pushedIdHash: string,
): Promise<boolean> {
  const data = store.tenant(call.tenantId);
  const stored = await data.get(pushedRequests, pushedIdHash);
  return stored !== undefined && (await commitUnlessChanged(data, [remove(pushedRequests, stored)], []));
}
