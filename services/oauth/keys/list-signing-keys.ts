import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListSigningKeysResponseSchema,
  type ListSigningKeysRequest,
  type ListSigningKeysResponse,
} from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { signingKeyMessages } from "./signing-key-message.ts";

const listing = "signing keys";

type Needs = Pick<OauthDependencies, "keyRings" | "pageTokens" | "rotationPolicy">;

/** The signing keys of the tenant by key id. When a key will sign depends on the others of its algorithm: all are read. */
export function listSigningKeys({ keyRings, pageTokens, rotationPolicy }: Needs) {
  return async (request: ListSigningKeysRequest, context: HandlerContext): Promise<ListSigningKeysResponse> => {
    const call = callOf(context);
    const { limit, after } = await pageTokens.requestedPage(call, listing, request);
    const stored = await keyRings.read(call.tenantId);
    const byAlg = Map.groupBy(stored, ({ record }) => record.alg);
    const all = Array.from(byAlg.values(), (ring) => signingKeyMessages(ring, rotationPolicy))
      .flat()
      .toSorted((a, b) => (a.kid < b.kid ? -1 : 1));
    const rest = all.filter(({ kid }) => after === undefined || kid > after.id);
    const keys = rest.slice(0, limit);
    const last = keys.at(-1);
    const next = last === undefined || keys.length === rest.length ? undefined : { value: last.kid, id: last.kid };
    return create(ListSigningKeysResponseSchema, {
      keys,
      nextPageToken: await pageTokens.nextPageToken(call, listing, next),
    });
  };
}
