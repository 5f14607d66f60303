import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { SigningKeyState } from "#gen/koder/oauth/v1/signing_key_pb.ts";
import {
  RotateSigningKeyResponseSchema,
  SigningKeyRotation,
  type RotateSigningKeyRequest,
  type RotateSigningKeyResponse,
} from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { dueAfter, planCommandedRotation, type RotationManner } from "../../vault/commanded-rotation.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { ringOf } from "./key-rings.ts";
import { algOf } from "./sealed-signing-key.ts";
import { signingKeyMessages } from "./signing-key-message.ts";

/** Keys of one algorithm in the key set, which every relying party reads. */
const mostKeys = 20;

const manners: Readonly<Record<SigningKeyRotation, RotationManner>> = {
  [SigningKeyRotation.UNSPECIFIED]: "orderly",
  [SigningKeyRotation.ORDERLY]: "orderly",
  [SigningKeyRotation.IMMEDIATE]: "immediate",
  [SigningKeyRotation.COMPROMISED]: "compromised",
};

type Needs = Pick<OauthDependencies, "keyRings" | "keySchedule" | "signingKeys" | "rotationPolicy" | "clock">;

/**
 * Rotates the key of one algorithm by command. Of two calls at the same moment one is done and the other refused, so that
 * neither's keys are lost. The schedule is written first: what was only published is promoted by it.
 */
export function rotateSigningKey({ keyRings, keySchedule, signingKeys, rotationPolicy: policy, clock }: Needs) {
  return async (request: RotateSigningKeyRequest, context: HandlerContext): Promise<RotateSigningKeyResponse> => {
    const call = callOf(context);
    const alg = algOf({ kid: "", alg: request.alg || "RS256" });
    const manner = manners[request.rotation] ?? "orderly";
    const ring = await keyRings.readOf(call.tenantId, alg);
    if (ring.length === 0) {
      throw oauthFailure(OauthErrorReason.SIGNING_KEY_NOT_FOUND, `alg: the tenant signs nothing with ${alg}`, {
        violations: [{ field: "alg", description: "must be an algorithm that the tenant has keys of" }],
      });
    }
    const steps = planCommandedRotation(ringOf(ring), clock(), policy, manner);
    const makes = steps.some(({ step }) => step === "create");
    if (makes && manner !== "compromised" && ring.length >= mostKeys) {
      throw oauthFailure(
        OauthErrorReason.SIGNING_KEY_LIMIT,
        `${alg} has ${ring.length} keys already; wait until retired ones have left the key set`,
      );
    }
    if (steps.length > 0) {
      await keySchedule.lookBy(call.tenantId, alg, dueAfter(steps, policy));
      // After the ring was read: a key that leaves it meanwhile makes this call fail.
      if (manner === "compromised") await keyRings.forgetPast(call.tenantId, alg);
      try {
        await keyRings.carryOut(call, alg, { ring, steps });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw failure(ErrorReason.CONFLICT, "the keys were changed at the same moment; look at them before a repeat", {
          cause: error,
        });
      }
      signingKeys.forget(call.tenantId);
    }

    const keys = signingKeyMessages(await keyRings.readOf(call.tenantId, alg), policy);
    const brought = steps.length === 0 || steps.some((one) => "promoteTime" in one);
    const state = brought ? SigningKeyState.NEXT : SigningKeyState.CURRENT;
    const leadsTo =
      keys.find((key) => key.state === state) ?? keys.find((key) => key.state === SigningKeyState.CURRENT);
    return create(RotateSigningKeyResponseSchema, {
      kid: leadsTo?.kid ?? "",
      keys: [...keys],
      ...(leadsTo?.activateTime ? { activateTime: leadsTo.activateTime } : {}),
    });
  };
}
