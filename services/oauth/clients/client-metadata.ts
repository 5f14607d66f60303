import type { Client } from "#gen/koder/oauth/v1/client_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { authentication } from "./metadata/authentication.ts";
import { authorization } from "./metadata/authorization.ts";
import { description } from "./metadata/description.ts";
import { grants } from "./metadata/grants.ts";
import { logout } from "./metadata/logout.ts";
import { refresh } from "./metadata/refresh.ts";
import { subject } from "./metadata/subject.ts";
import { tokens } from "./metadata/tokens.ts";

/** Fields of a client that nobody but the server sets, by their names in the contract. */
export const setByServer: readonly string[] = [
  "client_id",
  "etag",
  "client_secret",
  "secrets",
  "create_time",
  "update_time",
  "dynamically_registered",
];

/** What of a client's record is metadata. */
export type ClientMetadata = ReturnType<typeof clientMetadata>;

/**
 * A client's metadata as they are kept, every default filled in: RFC 7591 §2, OpenID Connect Registration §2 and our
 * own rules. Throws CLIENT_METADATA_INVALID with one violation for each field that is wrong.
 */
export function clientMetadata(client: Client) {
  const violations: FieldViolation[] = [];
  const wrong = (field: string, said: string): void => void violations.push({ field, description: said });

  if (client.clientSecret !== "") wrong("client_secret", "is made by the server and cannot be chosen");
  if (client.createTime !== undefined) wrong("create_time", "is set by the server");
  if (client.updateTime !== undefined) wrong("update_time", "is set by the server");
  if (client.etag !== "") wrong("etag", "cannot be set at creation");
  if (client.secrets.length > 0) wrong("secrets", "are made by the server");
  if (client.dynamicallyRegistered) wrong("dynamically_registered", "is set by the server");
  const metadata = {
    ...description(client, wrong),
    ...grants(client, wrong),
    ...authentication(client, wrong),
    ...authorization(client, wrong),
    ...subject(client, wrong),
    ...refresh(client, wrong),
    ...logout(client, wrong),
    ...tokens(client, wrong),
    disabled: client.disabled,
  };
  if (violations.length > 0) {
    const fields = violations.map(({ field, description: said }) => `${field} ${said}`).join("; ");
    throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, `the client metadata are not valid: ${fields}`, {
      violations,
    });
  }
  return metadata;
}
