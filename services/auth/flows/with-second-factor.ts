import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";

/** What a flow has proven once a second factor was shown in it, which counts as these methods (RFC 8176). */
export const withSecondFactor = (
  { amr, secondFactors }: Pick<Flow, "amr" | "secondFactors">,
  factor: SignInFactor,
  methods: readonly string[],
): Pick<Flow, "amr" | "secondFactors"> => ({
  amr: [...new Set([...amr, ...methods, "mfa"])],
  secondFactors: [...secondFactors, factor],
});
