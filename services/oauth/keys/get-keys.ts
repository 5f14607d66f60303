import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetKeysResponseSchema,
  type GetKeysRequest,
  type GetKeysResponse,
} from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** How long another service may go on with an answer, in milliseconds. */
const mayBeRemembered = 5_000;

/**
 * The tenant's public keys; a tenant's first question makes its first key. They are read anew: whoever asks remembers the
 * answer, and of two memories one behind the other the age adds up. Who asks does so rarely, for the same reason.
 */
export function getKeys({ signingKeys, clock }: Pick<OauthDependencies, "signingKeys" | "clock">) {
  return async (_request: GetKeysRequest, context: HandlerContext): Promise<GetKeysResponse> => {
    const call = callOf(context);
    const asked = clock();
    signingKeys.forget(call.tenantId);
    await signingKeys.current(call, "RS256");
    const published = await signingKeys.published(call);
    return create(GetKeysResponseSchema, {
      keys: published.map(({ key }) => {
        const { kty, n = "", e = "", crv = "", x = "", y = "" } = key.publicJwk;
        return { kid: key.kid, alg: key.alg, use: "sig", kty, n, e, crv, x, y };
      }),
      expireTime: timestampFromMs(asked + mayBeRemembered),
    });
  };
}
