import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ClaimMapper } from "#gen/koder/oauth/store/v1/claim_mapper_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { ResourceServer } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import type { Call } from "../../host/call.ts";
import { isSigningAlg, type SigningAlg } from "../../vault/signing-key.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { membershipScopes, personScopes } from "../scopes.ts";

/** What an access token is for: one audience, and what follows from it. */
export interface AccessTarget {
  /** `aud`: the identifier of a resource server, or the issuer. */
  readonly audience: string;
  /** Those of the scopes given that mean something there. */
  readonly scopes: readonly string[];
  /** Milliseconds. */
  readonly lifetime: number;
  readonly alg: SigningAlg;
  /** What the audience wants to know beyond the standards' claims. */
  readonly mappers: readonly ClaimMapper[];
}

/** The scopes that say what stands in a token, wherever it goes. */
const scopesEverywhere: ReadonlySet<string> = new Set(membershipScopes);
const ofPersons: ReadonlySet<string> = new Set(personScopes);

/** Says what access tokens may be for. */
export interface AccessTargets {
  /**
   * Checks the resources that a request names (RFC 8707 §2): each is the issuer, or a resource server that lets the client.
   * Answers them, or where there are none the tenant's default audience, if it has one that lets the client. Throws
   * invalid_target.
   */
  checkResources(call: Call, client: Client, resources: readonly string[]): Promise<readonly string[]>;
  /**
   * As `checkResources`, for a token: it has one audience, so that what one API is sent opens no other. Empty where the
   * request names none.
   */
  checkOneResource(call: Call, client: Client, resources: readonly string[]): Promise<string>;
  /** The scopes of `scopes` that are not a resource server's, or are one's that is among `resources`. */
  grantable(call: Call, resources: readonly string[], scopes: readonly string[]): Promise<readonly string[]>;
  /**
   * The resources of a grant that was asked for `resources`: those, and the tenant itself where the person's claims were
   * granted, because userinfo is there. None stands for the tenant alone.
   */
  granted(call: Call, resources: readonly string[], scopes: readonly string[]): Promise<readonly string[]>;
  /**
   * The target of a token for the first of `resources` that still lets the client; for the tenant itself where there are
   * none. Throws invalid_target where every one is gone, or lets the client no more.
   */
  targetOf(call: Call, client: Client, resources: readonly string[], scopes: readonly string[]): Promise<AccessTarget>;
  /** What the client may have tokens for now: the issuer, and the resource servers that let it. */
  resourcesOf(call: Call, client: Client): Promise<string[]>;
  /** Whether the client may have tokens for an audience now. */
  isOpenTo(call: Call, client: Client, audience: string): Promise<boolean>;
  /** How long a token of the client may live at most, in milliseconds. */
  longestLifetime(call: Call, client: Client): Promise<number>;
  /**
   * Whether tokens for an audience are taken by the userinfo endpoint: for the tenant itself, and for its default audience,
   * because applications that know of no `resource` ask there with the token that they have.
   */
  isOfUserinfo(call: Call, audience: string): Promise<boolean>;
}

/** Access targets by the tenant's resource servers, as they are remembered. */
export function createAccessTargets({
  resourceServers,
  tenants,
  oauthPolicies,
  lifetimes,
}: Pick<OauthDependencies, "resourceServers" | "tenants" | "oauthPolicies" | "lifetimes">): AccessTargets {
  const known = async (call: Call) => {
    const [all, { canonicalOrigin: issuer }, { defaultAudience }] = await Promise.all([
      resourceServers.of(call),
      tenants.get(call),
      oauthPolicies.get(call),
    ]);
    // A tenant may have moved to a domain by which it had named a resource server: tokens for the tenant stay what they are.
    const servers = all.has(issuer) ? new Map([...all].filter(([identifier]) => identifier !== issuer)) : all;
    return { servers, issuer, defaultAudience };
  };
  const serversOf = async (call: Call, client: Client) =>
    [...(await known(call)).servers.values()].filter((server) => isAllowed(server, client));

  async function checkResources(call: Call, client: Client, resources: readonly string[]): Promise<readonly string[]> {
    const { servers, issuer, defaultAudience } = await known(call);
    if (resources.length === 0) return isAllowed(servers.get(defaultAudience), client) ? [defaultAudience] : [];
    if (!resources.every((resource) => isOpen({ servers, issuer }, client, resource))) throw notForClient();
    return resources;
  }

  return {
    checkResources,
    async checkOneResource(call, client, sent) {
      // A parameter without a value is none (RFC 6749 §3.2).
      const resources = sent.filter((one) => one !== "");
      const [resource = "", ...others] = new Set(resources);
      if (others.length > 0) {
        throw new OAuthRefusal("invalid_target", "an access token is for one resource; ask for one at a time");
      }
      if (resources.length > 0) await checkResources(call, client, resources);
      return resource;
    },
    async grantable(call, resources, scopes) {
      const { servers } = await known(call);
      if (servers.size === 0) return scopes;
      const ofServers = scopesOf([...servers.values()]);
      const named = scopesOf(resources.flatMap((resource) => servers.get(resource) ?? []));
      return scopes.filter((scope) => named.has(scope) || !ofServers.has(scope));
    },
    async granted(call, resources, scopes) {
      if (resources.length === 0 || !scopes.includes("openid")) return resources;
      const { canonicalOrigin } = await tenants.get(call);
      return [...new Set([...resources, canonicalOrigin])];
    },
    async targetOf(call, client, resources, scopes) {
      const { servers, issuer, defaultAudience } = await known(call);
      const first =
        resources.length === 0 ? issuer : resources.find((resource) => isOpen({ servers, issuer }, client, resource));
      if (first === undefined) throw notForClient();
      const server = servers.get(first);
      if (server === undefined) {
        const ofServers = scopesOf([...servers.values()]);
        return {
          audience: issuer,
          scopes: scopes.filter((scope) => !ofServers.has(scope)),
          lifetime: lifetimes.accessToken,
          alg: "RS256",
          mappers: [],
        };
      }
      const own = scopesOf([server]);
      const isDefault = server.identifier === defaultAudience;
      return {
        audience: server.identifier,
        scopes: scopes.filter(
          (scope) => own.has(scope) || scopesEverywhere.has(scope) || (isDefault && ofPersons.has(scope)),
        ),
        lifetime: lifetimeOf(server),
        alg: isSigningAlg(server.signingAlg) ? server.signingAlg : "RS256",
        mappers: server.claimMappers,
      };
    },
    async isOfUserinfo(call, audience) {
      const { issuer, defaultAudience } = await known(call);
      return audience === issuer || (audience !== "" && audience === defaultAudience);
    },
    async resourcesOf(call, client) {
      const [{ canonicalOrigin }, own] = await Promise.all([tenants.get(call), serversOf(call, client)]);
      return [canonicalOrigin, ...own.map(({ identifier }) => identifier)];
    },
    async isOpenTo(call, client, audience) {
      return isOpen(await known(call), client, audience);
    },
    async longestLifetime(call, client) {
      return Math.max(lifetimes.accessToken, ...(await serversOf(call, client)).map(lifetimeOf));
    },
  };
}

/** One refusal for both, so that nobody learns by it which resource servers there are. */
const notForClient = () => new OAuthRefusal("invalid_target", "resource is not known, or not for this client");

const isAllowed = (server: ResourceServer | undefined, { clientId }: Client): boolean =>
  server !== undefined && (server.allClientsAllowed || server.allowedClientIds.includes(clientId));

/** Whether a client may have tokens for a resource: the issuer, or a resource server that lets it. */
const isOpen = (
  { servers, issuer }: { readonly servers: ReadonlyMap<string, ResourceServer>; readonly issuer: string },
  client: Client,
  resource: string,
): boolean => resource === issuer || isAllowed(servers.get(resource), client);

const lifetimeOf = ({ accessTokenLifetime }: ResourceServer): number =>
  accessTokenLifetime ? durationMs(accessTokenLifetime) : 0;

const scopesOf = (servers: readonly ResourceServer[]): ReadonlySet<string> =>
  new Set(servers.flatMap(({ scopes }) => scopes.map(({ name }) => name)));
