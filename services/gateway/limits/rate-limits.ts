import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { ConnectError } from "@connectrpc/connect";
import { clientNetwork } from "../../host/client-network.ts";
import { failure } from "../../host/failure.ts";
import { createTokenBuckets, type RateLimit } from "./token-buckets.ts";

/** How many requests one address may send; undefined for any number. */
export interface RateLimitSettings {
  /** Of those by which people sign in, get a new password or connect a device, and by which clients are registered. */
  readonly signIn: RateLimit | undefined;
  /** Of all others. */
  readonly requests: RateLimit | undefined;
}

/** What is to become of a request. */
export interface Verdict {
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>;
  /** Why it is refused; undefined when it is not. */
  readonly refusal: ConnectError | undefined;
}

/** Judges each request by the address that it comes from (IPv6: by its /64). Undefined where no limit is. */
export type RateLimits = (request: {
  readonly method: string;
  readonly path: string;
  readonly address: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}) => Verdict | undefined;

const loopback = /^(?:127\.|::1$)/;

/**
 * The limits of a gateway, each process its own. The machine itself has none: what comes over loopback is no stranger, and a
 * proxy on the machine says for whom it asks (KODER_ID_TRUSTED_PROXIES).
 */
export function createRateLimits({ signIn, requests }: RateLimitSettings): RateLimits {
  const judges = { signIn: judge("sign-in", signIn), requests: judge("requests", requests) };
  return ({ method, path, address, now }) => {
    if (loopback.test(address)) return undefined;
    const isSignIn = method === "POST" && isOfSignIn(path);
    return (isSignIn ? judges.signIn : judges.requests)?.(clientNetwork(address), now);
  };
}

/** Paths of what people do by hand, and of what anybody may do without a credential. */
const signInPaths: ReadonlySet<string> = new Set([
  "/sign-in",
  "/reset",
  "/sign-up",
  "/verify",
  "/device",
  "/oauth/v2/device_authorization",
  "/oauth/v2/register",
]);

const isOfSignIn = (path: string): boolean =>
  signInPaths.has(path) || path.startsWith("/v1/auth/") || path.startsWith("/koder.auth.v1.");

function judge(name: string, limit: RateLimit | undefined) {
  if (limit === undefined) return undefined;
  const buckets = createTokenBuckets(limit);
  const policy = `"${name}";q=${limit.quota};w=${Math.ceil(limit.window / 1000)}`;
  return (client: string, now: number): Verdict => {
    const { isAllowed, remaining, resetAfter, retryAfter } = buckets.take(client, now);
    const headers = {
      "ratelimit-policy": policy,
      ratelimit: `"${name}";r=${remaining};t=${Math.ceil(resetAfter / 1000)}`,
    };
    if (isAllowed) return { headers, refusal: undefined };
    const wait = Math.max(1, Math.ceil(retryAfter / 1000));
    const refusal = failure(ErrorReason.RATE_LIMITED, `too many requests of one address; wait for ${wait} s`, {
      retryAfter: wait,
    });
    return { headers, refusal };
  };
}
