import type { AdminErrorReason } from "../../gen/ts-public/koder/admin/v1/errors_pb.ts";
import type { AuthErrorReason } from "../../gen/ts-public/koder/auth/v1/errors_pb.ts";
import type { IdentityErrorReason } from "../../gen/ts-public/koder/identity/v1/errors_pb.ts";
import type { OauthErrorReason } from "../../gen/ts-public/koder/oauth/v1/errors_pb.ts";
import type { ErrorReason as CommonErrorReason } from "../../gen/ts-public/koder/options/v1/errors_pb.ts";
import type { SessionErrorReason } from "../../gen/ts-public/koder/session/v1/errors_pb.ts";

/**
 * Why a call was refused: the reasons of the contract's closed lists, each explained in its `errors.proto`. A misspelt one
 * does not compile.
 */
export type ErrorReason = Exclude<
  | keyof typeof CommonErrorReason
  | keyof typeof IdentityErrorReason
  | keyof typeof AuthErrorReason
  | keyof typeof OauthErrorReason
  | keyof typeof SessionErrorReason
  | keyof typeof AdminErrorReason,
  "UNSPECIFIED"
>;
