import { allowedAddresses } from "./allowed-addresses.ts";
import { createExemptions, type OutboundExemption } from "./exemptions.ts";
import { createHostLanes } from "./host-lanes.ts";
import { OutboundFailed } from "./outbound-failed.ts";
import { createTenantShares } from "./tenant-shares.ts";
import { pinnedRequest, type OutboundAnswer, type PinnedRequest } from "./pinned-request.ts";
import { askNameServers, type ResolveHost } from "./resolve-host.ts";

/**
 * The only way by which a request leaves for a URL that somebody else wrote (security A17). It is https to port 443 of public
 * addresses, or to a host that the operator exempted; nothing is followed, and time and size are bounded. The content type is
 * the caller's to look at. Every method throws OutboundFailed where no answer came.
 */
export interface GuardedFetch {
  /** A GET. `accept` is the media type asked for; a body beyond `maxBytes` is refused. */
  get(
    url: string,
    options: ForTenant & { readonly accept: string; readonly maxBytes: number },
  ): Promise<OutboundAnswer>;
  /** A POST of `body`, with `headers` beside those that it needs. What the host says is small: beyond 64 KiB it is refused. */
  post(
    url: string,
    options: ForTenant & {
      readonly contentType: string;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<OutboundAnswer>;
}

/** For whom a request is made: each tenant has its own share of all. */
interface ForTenant {
  readonly tenantId: string;
}

/** Limits of all requests together: time in milliseconds, from the call to the last byte. */
export interface OutboundLimits {
  readonly time: number;
  readonly perTenant: number;
  /** Of one tenant. */
  readonly perHost: number;
  readonly waitingPerHost: number;
  readonly overall: number;
}

const defaultLimits: OutboundLimits = { time: 5_000, perTenant: 32, perHost: 4, waitingPerHost: 32, overall: 256 };

const longestUrl = 2048;
const mostOfAnAnswerToPost = 65_536;

/** Makes it; `exempt` are the operator's exemptions, never a tenant's. `resolve` and `send` are the network's part. */
export function createGuardedFetch({
  exempt,
  resolve = askNameServers,
  send = pinnedRequest,
  limits = {},
}: {
  readonly exempt: readonly OutboundExemption[];
  readonly resolve?: ResolveHost;
  readonly send?: typeof pinnedRequest;
  readonly limits?: Partial<OutboundLimits>;
}): GuardedFetch {
  const { time, perTenant, perHost, waitingPerHost, overall } = { ...defaultLimits, ...limits };
  const exemptionOf = createExemptions(exempt);
  const lanes = createHostLanes({ perHost, waiting: waitingPerHost, overall });

  const shares = createTenantShares(perTenant);

  async function guarded(
    text: string,
    tenantId: string,
    what: Pick<PinnedRequest, "method" | "headers" | "body" | "maxBytes">,
  ) {
    const url = checkUrl(text);
    const exemption = exemptionOf(url);
    if (exemption === undefined && url.port !== "") throw new OutboundFailed("url");
    const signal = AbortSignal.timeout(time);
    const work = async () => {
      const addresses = await allowedAddresses(url.hostname, { isExempt: exemption !== undefined, resolve, signal });
      return send({ ...what, url, addresses, ca: exemption?.ca, signal });
    };
    // A lane is one tenant's: what another one has of a host that both name does not wait behind it. No host holds a space.
    return shares.run(tenantId, () => lanes.run(`${tenantId} ${url.host}`, signal, work));
  }

  return {
    get: (url, { tenantId, accept, maxBytes }) =>
      guarded(url, tenantId, { method: "GET", headers: { accept }, body: undefined, maxBytes }),
    post: (url, { tenantId, contentType, body, headers = {} }) =>
      guarded(url, tenantId, {
        method: "POST",
        headers: { ...headers, "content-type": contentType },
        body: Buffer.from(body, "utf8"),
        maxBytes: mostOfAnAnswerToPost,
      }),
  };
}

function checkUrl(text: string): URL {
  if (text.length > longestUrl || !URL.canParse(text)) throw new OutboundFailed("url");
  const url = new URL(text);
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "") throw new OutboundFailed("url");
  return url;
}
