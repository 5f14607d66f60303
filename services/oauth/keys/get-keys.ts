import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetKeysResponseSchema,
  type GetKeysRequest,
  type GetKeysResponse,
} from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { publicJwkOf } from "../../vault/signing-key.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { mayBeRemembered } from "./rotation-policy.ts";

type Needs = Pick<OauthDependencies, "signingKeys" | "clock" | "keySetMaxAge">;

/**
 * The tenant's public keys; a tenant's first question makes its first key. They are read anew: whoever asks remembers the
 * answer, and of two memories one behind the other the age adds up. Who asks does so rarely, for the same reason.
 */
export function getKeys({ signingKeys, clock, keySetMaxAge }: Needs) {
  return async (_request: GetKeysRequest, context: HandlerContext): Promise<GetKeysResponse> => {
    const call = callOf(context);
    const asked = clock();
    signingKeys.forget(call.tenantId);
    await signingKeys.current(call, "RS256");
    const published = await signingKeys.published(call);
    return create(GetKeysResponseSchema, {
      keys: published.map(({ key }) => {
        const { kty, n = "", e = "", crv = "", x = "", y = "" } = publicJwkOf(key.publicKey);
        return { kid: key.kid, alg: key.alg, use: "sig", kty, n, e, crv, x, y };
      }),
      expireTime: timestampFromMs(asked + mayBeRemembered),
      maxAge: durationFromMs(keySetMaxAge),
    });
  };
}
