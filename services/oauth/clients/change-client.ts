import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Client } from "#gen/koder/oauth/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { prepareClientKeys } from "../keys/prepare-client-keys.ts";
import { checkMappedAttributes } from "./check-mapped-attributes.ts";
import { checkSector } from "./check-sector.ts";
import { clientChangedMeanwhile } from "./client-changed-meanwhile.ts";
import { clientMessage } from "./client-message.ts";
import { clientMetadata } from "./client-metadata.ts";
import { newClientSecret, usesSecret } from "./client-secret.ts";
import { withDefaults } from "./metadata/client-defaults.ts";
import { voidTokensOfClient } from "./void-tokens-of-client.ts";

/**
 * Makes a stored client what it should be: its metadata checked as at creation unless it is disabled alone, a secret made where it comes to need one, and
 * what it no longer needs forgotten. A client that is disabled after it has its tokens voided before the answer: commit
 * first, so that nothing new is issued, then the epoch; after a crash in between, a repeat or `finishVoiding` voids them. One
 * that is enabled has the epoch counted first, because what it issues to itself carries it. Answers the client, with its
 * secret if that is new. Throws ETAG_MISMATCH when somebody else was quicker.
 */
export async function changeClient(
  dependencies: Pick<OauthDependencies, "store" | "vault" | "clock" | "clients" | "peers" | "outbound" | "signingKeys">,
  call: Call,
  stored: Stored<typeof StoredClientSchema>,
  wanted: Client,
  paths: readonly string[],
): Promise<{ readonly client: Client; readonly version: number }> {
  const { store, vault, clock, clients: known, signingKeys } = dependencies;
  const before = withDefaults(stored.record);
  // To disable one is not held up by anything that was taken when it was made, and would not be now.
  const isDisabledAlone = wanted.disabled && paths.every((path) => path === "disabled");
  const metadata = isDisabledAlone
    ? { ...before, disabled: true }
    : clientMetadata({
        ...asCreated(wanted),
        // Whoever registered itself belongs to the tenant only where that is said.
        firstParty: wanted.firstParty ?? !before.dynamicallyRegistered,
      });
  await checkSector(dependencies, call, metadata, before);
  await checkMappedAttributes(dependencies, call, metadata, before);
  await prepareClientKeys(signingKeys, call, metadata);
  const now = clock();
  const needsSecret = usesSecret(metadata);
  const fresh =
    needsSecret && !usesSecret(before) ? newClientSecret(await vault.tenant(call.tenantId), now) : undefined;
  // What metadata do not say, they unset.
  const { defaultMaxAge: _age, requirePkce: _pkce, ...kept } = before;
  const record = create(StoredClientSchema, {
    ...kept,
    ...metadata,
    secrets: fresh === undefined ? (needsSecret ? before.secrets : []) : [fresh.kept],
    epoch:
      before.disabled && !metadata.disabled
        ? await voidTokensOfClient(dependencies, call, before.clientId, stored.version)
        : before.epoch,
    updateTime: timestampFromMs(now),
  });
  const version = stored.version + 1;
  const updated = eventOf(
    call,
    now,
    { type: "client", id: record.clientId, version },
    {
      case: "clientUpdated",
      value: { $typeName: "koder.events.v1.ClientUpdated", paths: [...paths], disabled: record.disabled },
    },
  );
  try {
    await store.tenant(call.tenantId).commit([replace(clients, record, stored.version)], [updated]);
  } catch (error) {
    if (error instanceof Conflict) throw clientChangedMeanwhile();
    throw error;
  }
  known.forget(call.tenantId, record.clientId);
  if (record.disabled) await voidTokensOfClient(dependencies, call, record.clientId, version);
  return { client: clientMessage({ record, version }, fresh?.value), version };
}

/** A client without what the server sets, as somebody would write it who creates it. */
function asCreated(client: Client): Client {
  const { createTime: _created, updateTime: _updated, ...chosen } = client;
  return { ...chosen, clientSecret: "", etag: "", secrets: [], dynamicallyRegistered: false };
}
