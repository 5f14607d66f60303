import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** More than any request needs. */
const mostResources = 20;

/** An absolute URI as written (RFC 3986 §4.3), of printable ASCII. */
const absoluteUri = /^[A-Za-z][A-Za-z0-9+.-]*:[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/;

/** The resource servers asked for, each once: absolute URIs without a fragment (RFC 8707 §2). */
export function checkResource({ resources }: Pick<AuthorizationParameters, "resources">): readonly string[] {
  const asked = new Set(resources.filter((resource) => resource !== ""));
  if (asked.size > mostResources) throw new OAuthRefusal("invalid_target", `resource was sent too often`);
  for (const resource of asked) {
    if (resource.length > 2_048 || !absoluteUri.test(resource)) {
      throw new OAuthRefusal("invalid_target", "resource must be an absolute URI without a fragment");
    }
  }
  return [...asked];
}
