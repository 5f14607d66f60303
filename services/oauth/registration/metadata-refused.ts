import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { violationsInWords, reasonName, type FieldViolation } from "../../host/failure.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { OauthErrorReasonSchema } from "#gen/koder/oauth/v1/errors_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** The standard's refusal of metadata that break these rules (RFC 7591 §3.2.2): it names each member. */
export function metadataRefused(violations: readonly FieldViolation[]): OAuthRefusal {
  const said = violationsInWords(violations);
  const isRedirect = violations.some(({ field }) => /^redirect_uris(?:\[|$)/.test(field));
  return new OAuthRefusal(isRedirect ? "invalid_redirect_uri" : "invalid_client_metadata", said);
}

/** Runs work that may find metadata invalid, and refuses them in the standard's words then. */
export async function refusingMetadata<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConnectError) || errorInfoOf(error)?.reason !== invalid) throw error;
    throw metadataRefused(error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations));
  }
}

const invalid = reasonName(OauthErrorReasonSchema, OauthErrorReason.CLIENT_METADATA_INVALID);
