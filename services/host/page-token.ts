import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { PagePosition } from "../store/store.ts";
import { lengthPrefixed } from "../vault/length-prefixed.ts";
import type { Vault } from "../vault/vault.ts";
import type { Call } from "./call.ts";
import { failure } from "./failure.ts";

/** Page tokens: keyset positions that callers carry and cannot make (security A22). */
export interface PageTokens {
  /** `listing` names method, filters and order: a token of one listing is none of another. */
  encode(call: Pick<Call, "tenantId">, listing: string, position: PagePosition): Promise<string>;
  /**
   * Throws PAGE_TOKEN_INVALID for whatever `encode` did not make for this tenant and listing. `field` is that of the request which has the
   * token: `page_token` where nothing is said.
   */
  decode(call: Pick<Call, "tenantId">, listing: string, token: string, field?: TokenField): Promise<PagePosition>;
  /** The page that a request asks for, as the store is asked for it. Throws PAGE_TOKEN_INVALID as `decode` does. */
  requestedPage(call: Pick<Call, "tenantId">, listing: string, request: PageRequest): Promise<RequestedPage>;
  /** The token of the page behind a position; empty where there is none. */
  nextPageToken(call: Pick<Call, "tenantId">, listing: string, next: PagePosition | undefined): Promise<string>;
}

/** What a request of a listing says of its page. */
interface PageRequest {
  /** 0: as many as is usual. */
  readonly pageSize: number;
  /** Empty: the first page. */
  readonly pageToken: string;
}

/** How many entries a page has at most, and behind which position it begins; with none, at the first entry. */
export interface RequestedPage {
  readonly limit: number;
  readonly after?: PagePosition;
}

/** Entries of a page where the request does not say. */
const defaultPageSize = 50;

/** What is said of a token in a field that is none. */
const refusals = {
  page_token: {
    message: "is not one of this listing; start from the first page",
    description: "must be the next_page_token of the same listing",
  },
  resume_token: {
    message: "is not one of what is watched; begin without it",
    description: "must be the resume_token of an answer to the same request",
  },
} as const;
type TokenField = keyof typeof refusals;

const macUse = "page-token";
const headLength = 4 + 32;

/** Tokens are key version (4 bytes), MAC (32) and the position as JSON, in base64url; the MAC covers the listing too. */
export function createPageTokens(vault: Vault): PageTokens {
  const covered = (listing: string, body: Uint8Array) => Buffer.concat([lengthPrefixed(listing), body]);
  const pageTokens: PageTokens = {
    async encode({ tenantId }, listing, { value, id }) {
      const body = Buffer.from(JSON.stringify([value, id]), "utf8");
      const { keyVersion, mac } = (await vault.tenant(tenantId)).mac(macUse, covered(listing, body));
      const head = Buffer.alloc(4);
      head.writeUInt32BE(keyVersion);
      return Buffer.concat([head, mac, body]).toString("base64url");
    },
    async decode({ tenantId }, listing, token, field = "page_token") {
      const bytes = Buffer.from(token, "base64url");
      const keyVersion = bytes.length <= headLength ? undefined : bytes.readUInt32BE(0);
      const tenantVault = await vault.tenant(tenantId, keyVersion);
      const body = bytes.subarray(headLength);
      if (
        bytes.toString("base64url") !== token || // one spelling only
        keyVersion === undefined ||
        !tenantVault.verifyMac(macUse, keyVersion, covered(listing, body), bytes.subarray(4, headLength))
      ) {
        const { message, description } = refusals[field];
        throw failure(ErrorReason.PAGE_TOKEN_INVALID, `${field}: ${message}`, { violations: [{ field, description }] });
      }
      const [value, id] = JSON.parse(body.toString("utf8")) as [string | number, string];
      return { value, id };
    },
    async requestedPage(call, listing, { pageSize, pageToken }) {
      const limit = pageSize || defaultPageSize;
      return pageToken === "" ? { limit } : { limit, after: await pageTokens.decode(call, listing, pageToken) };
    },
    async nextPageToken(call, listing, next) {
      return next === undefined ? "" : pageTokens.encode(call, listing, next);
    },
  };
  return pageTokens;
}
