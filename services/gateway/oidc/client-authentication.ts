import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ClientAuthenticationSchema } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { atMost, longestSent } from "./at-most.ts";
import { decode, MalformedForm, type Form } from "./form.ts";

type ClientAuthentication = MessageInitShape<typeof ClientAuthenticationSchema>;

/** An Authorization header by which no client is authenticated here: another scheme than Basic, or a Basic one that is none. */
export class UnreadableCredential extends Error {
  override readonly name = "UnreadableCredential";
}

/**
 * Every way in which a request authenticates its client (RFC 6749 §2.3): HTTP Basic, form-decoded after base64 (§2.3.1), and
 * what stands in the body, a secret or an assertion (RFC 7521 §4.2). How many there may be is not for us to say. Throws
 * UnreadableCredential.
 */
export function clientAuthentications(authorization: string | undefined, form: Form): ClientAuthentication[] {
  const found: ClientAuthentication[] = [];
  if (authorization !== undefined) found.push({ method: "client_secret_basic", ...basicCredential(authorization) });
  const clientAssertion = atMost(longestSent.jwt, form.get("client_assertion"));
  const clientAssertionType = form.get("client_assertion_type");
  if (clientAssertion !== "" || clientAssertionType !== "") {
    found.push({ method: "private_key_jwt", clientAssertion, clientAssertionType });
  }
  const clientId = atMost(longestSent.clientId, form.get("client_id"));
  const clientSecret = atMost(longestSent.secret, form.get("client_secret"));
  if (clientSecret !== "") found.push({ method: "client_secret_post", clientId, clientSecret });
  else if (clientId !== "") found.push({ method: "none", clientId });
  return found;
}

function basicCredential(authorization: string): { readonly clientId: string; readonly clientSecret: string } {
  const basic = /^Basic +([A-Za-z0-9+/=_-]*) *$/i.exec(authorization);
  if (basic === null) throw new UnreadableCredential("the Authorization header is not Basic");
  const text = Buffer.from(basic[1] ?? "", "base64").toString("utf8");
  const at = text.indexOf(":");
  if (at < 0) throw new UnreadableCredential("the Basic credential has no colon");
  try {
    return {
      clientId: atMost(longestSent.clientId, decode(text.slice(0, at), "the client id of the Basic credential")),
      clientSecret: atMost(longestSent.secret, decode(text.slice(at + 1), "the secret of the Basic credential")),
    };
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    throw new UnreadableCredential(error.message, { cause: error });
  }
}
