import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthenticationPolicySchema as StoredPolicySchema,
  ClientAuthenticationPolicySchema as StoredOverrideSchema,
  type AuthenticationPolicy as StoredPolicy,
} from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import type { AuthenticationPolicy } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  UpdateAuthenticationPolicyResponseSchema,
  type UpdateAuthenticationPolicyRequest,
  type UpdateAuthenticationPolicyResponse,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { readUpdate } from "../../host/read-update.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { authFailure } from "../auth-failure.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { wrongRelatedOrigin } from "../passkeys/related-origin.ts";
import { policyEtag, policyMessage } from "./policy-message.ts";

/** Changes the fields of the tenant's policy that the mask names, all or none. */
export function updateAuthenticationPolicy({
  store,
  clock,
  policies,
  tenants,
}: Pick<AuthDependencies, "store" | "clock" | "policies" | "tenants">) {
  return async (
    request: UpdateAuthenticationPolicyRequest,
    context: HandlerContext,
  ): Promise<UpdateAuthenticationPolicyResponse> => {
    const call = callOf(context);
    const { asked: policy, paths } = readUpdate(request.policy, request.updateMask);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(authenticationPolicies, authenticationPolicyId);
    const mismatch = () => failure(ErrorReason.ETAG_MISMATCH, "etag: the policy was changed meanwhile; read it again");
    if (policy.etag !== "" && policy.etag !== policyEtag(stored)) throw mismatch();
    const now = clock();
    const { canonicalOrigin } = await tenants.get(call);
    const record: StoredPolicy = Object.assign(
      stored?.record ?? create(StoredPolicySchema, { id: authenticationPolicyId }),
      ...paths.map((path) => change(path, policy, canonicalOrigin)),
      { updateTime: timestampFromMs(now) },
    );
    const version = (stored?.version ?? 0) + 1;
    const resource = { type: "authentication_policy", id: authenticationPolicyId, version };
    const updated = eventOf(call, now, resource, {
      case: "authenticationPolicyUpdated",
      value: { $typeName: "koder.events.v1.AuthenticationPolicyUpdated", paths },
    });
    const write =
      stored === undefined
        ? insert(authenticationPolicies, record)
        : replace(authenticationPolicies, record, stored.version);
    try {
      await data.commit([write], [updated]);
    } catch (error) {
      if (error instanceof Conflict) throw mismatch();
      throw error;
    }
    policies.forget(call.tenantId);
    return create(UpdateAuthenticationPolicyResponseSchema, { policy: policyMessage({ record, version }) });
  };
}

const invalid = (path: string, description: string) =>
  authFailure(AuthErrorReason.AUTHENTICATION_POLICY_INVALID, `${path}: ${description}`, {
    violations: [{ field: `policy.${path}`, description }],
  });

/** What one path of the mask changes. Throws AUTHENTICATION_POLICY_INVALID for one that this call cannot, or to what is none. */
function change(
  path: string,
  policy: AuthenticationPolicy,
  canonicalOrigin: string,
): Partial<Record<keyof StoredPolicy, unknown>> {
  switch (path) {
    case "mfa":
      return { mfa: policy.mfa };
    case "session_lifetime":
      return { sessionLifetime: policy.sessionLifetime };
    case "sign_up_allowed":
      return { signUpAllowed: policy.signUpAllowed };
    case "passkey_user_verification":
      return { passkeyUserVerification: policy.passkeyUserVerification };
    case "passkey_related_origins": {
      const wrong = wrongRelatedOrigin(policy.passkeyRelatedOrigins, canonicalOrigin);
      if (wrong !== undefined) throw invalid(path, wrong);
      return { passkeyRelatedOrigins: policy.passkeyRelatedOrigins };
    }
    case "remembered_device_lifetime":
      return { rememberedDeviceLifetime: policy.rememberedDeviceLifetime };
    case "attempts_before_wait":
      return { attemptsBeforeWait: policy.attemptsBeforeWait };
    case "max_attempts":
      return { maxAttempts: policy.maxAttempts };
    case "client_overrides": {
      const overrides = policy.clientOverrides;
      if (new Set(overrides.map(({ clientId }) => clientId)).size < overrides.length) {
        throw invalid(path, "must name each client once");
      }
      return {
        clientOverrides: overrides.map(({ clientId, mfa, directFlows }) =>
          create(StoredOverrideSchema, { clientId, mfa, directFlows }),
        ),
      };
    }
    default:
      throw invalid(path, "cannot be changed by this call");
  }
}
