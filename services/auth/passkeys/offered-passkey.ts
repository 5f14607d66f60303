import type { Enrolment, FactorSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { creationOptions } from "./creation-options.ts";
import { passkeysAmong } from "./passkeys-among.ts";
import { relyingPartyOf } from "./relying-party.ts";

/** What a browser makes the passkey of an enrolment by, as JSON; it names the person as the authenticator will show them. */
export async function offeredPasskey(
  dependencies: Pick<AuthDependencies, "peers" | "tenants" | "policies">,
  call: Call,
  { userId, challenge }: Pick<Enrolment, "userId" | "challenge">,
  factors: readonly Stored<typeof FactorSchema>[],
): Promise<string> {
  const [relyingParty, { user }] = await Promise.all([
    relyingPartyOf(dependencies, call, "own"),
    dependencies.peers.client(CredentialService).getClaims({ userId }, forward(call)),
  ]);
  return JSON.stringify(
    creationOptions({
      relyingParty,
      userId,
      userName: user?.username || user?.email || userId,
      challenge,
      present: passkeysAmong(factors).map(({ passkey }) => passkey),
      timeout: enrolmentLifetime,
    }),
  );
}
