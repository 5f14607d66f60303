import type { Enrolment, FactorSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { shownTenantName } from "../shown-tenant-name.ts";
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
  const [relyingParty, relyingPartyName, userName] = await Promise.all([
    relyingPartyOf(dependencies, call, "own"),
    shownTenantName(dependencies, call),
    passkeyUserName(dependencies, call, userId),
  ]);
  return JSON.stringify(
    creationOptions({
      relyingParty,
      relyingPartyName,
      userId,
      userName,
      challenge,
      present: passkeysAmong(factors).map(({ passkey }) => passkey),
      timeout: enrolmentLifetime,
    }),
  );
}

/** What a person's passkeys are called where they choose among them: what they sign in with. */
export async function passkeyUserName(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  userId: string,
): Promise<string> {
  const { user } = await peers.client(CredentialService).getClaims({ userId }, forward(call));
  return user?.username || user?.email || userId;
}
