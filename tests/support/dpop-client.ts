import { createHash, randomUUID } from "node:crypto";
import { testSigner, type TestSigner } from "../../services/vault/testing/test-signer.ts";

/** A client that proves possession of a key by hand, so that a test may do it wrong. */
export interface DpopClient {
  readonly signer: TestSigner;
  /** A proof for a request, with the nonce that was given last; `change` and `header` alter it. */
  proof(method: string, url: string, accessToken?: string, change?: object, header?: object): string;
  /** Sends a request with a proof, once more where the server gives its first nonce, and remembers the nonce. */
  send(url: string, init?: RequestInit & { readonly accessToken?: string }): Promise<Response>;
}

/** A new one with a key of its own. */
export function dpopClient(signer: TestSigner = testSigner()): DpopClient {
  let nonce: string | undefined;
  const proof: DpopClient["proof"] = (method, url, accessToken, change = {}, header = {}) =>
    signer.sign(
      {
        htm: method,
        htu: url,
        iat: Math.floor(Date.now() / 1000),
        jti: randomUUID(),
        nonce,
        ...(accessToken === undefined ? {} : { ath: createHash("sha256").update(accessToken).digest("base64url") }),
        ...change,
      },
      { typ: "dpop+jwt", jwk: signer.jwk, ...header },
    );
  async function once(url: string, { accessToken, ...init }: RequestInit & { accessToken?: string }) {
    const headers = new Headers(init.headers);
    headers.set("dpop", proof(init.method ?? "GET", url.replace(/\?.*$/s, ""), accessToken));
    if (accessToken !== undefined) headers.set("authorization", `DPoP ${accessToken}`);
    const response = await fetch(url, { ...init, headers });
    nonce = response.headers.get("dpop-nonce") ?? nonce;
    return response;
  }
  return {
    signer,
    proof,
    async send(url, init = {}) {
      const hadNonce = nonce !== undefined;
      const first = await once(url, init);
      if (hadNonce || (first.status !== 400 && first.status !== 401)) return first;
      await first.arrayBuffer();
      return once(url, init);
    },
  };
}
