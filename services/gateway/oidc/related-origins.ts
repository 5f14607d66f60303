import type { FastifyInstance } from "fastify";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";

/** Others may keep the document for so long, in seconds. */
const maxAge = 300;

// Who else may ask for the tenant's passkeys, as browsers and Android look for it.

/**
 * Tells browsers which other pages may ask for the tenant's passkeys (WebAuthn Level 3 §5.11), and Android which apps (Digital
 * Asset Links); there is no document without any.
 */
export function mountRelatedOrigins(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  app.get("/.well-known/webauthn", async (request, reply) => {
    const { outbound } = contextOf(request);
    const { origins } = await peers.client(SignInPolicyService).getRelatedOrigins({}, forward(outbound));
    if (origins.length === 0) return reply.callNotFound();
    return reply.header("cache-control", `public, max-age=${maxAge}`).send({ origins });
  });
  app.get("/.well-known/assetlinks.json", async (request, reply) => {
    const { outbound } = contextOf(request);
    const { androidApps } = await peers.client(SignInPolicyService).getRelatedOrigins({}, forward(outbound));
    if (androidApps.length === 0) return reply.callNotFound();
    const statements = androidApps.map(({ packageName, sha256CertFingerprints }) => ({
      // Passkeys and nothing more: an app that could handle all URLs would be opened in the place of the sign-in pages.
      relation: ["delegate_permission/common.get_login_creds"],
      target: {
        namespace: "android_app",
        package_name: packageName,
        sha256_cert_fingerprints: sha256CertFingerprints,
      },
    }));
    return reply.header("cache-control", `public, max-age=${maxAge}`).send(statements);
  });
}
