import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import { ListConsentsRequestSchema, RevokeConsentRequestSchema } from "#gen/koder/oauth/v1/consent_service_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { createPageTokens } from "../../host/page-token.ts";
import { createPeers } from "../../host/peers.ts";
import { handlerContext, testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { createClients } from "../clients/clients.ts";
import { clients as clientCollection, consents, oauthCollections } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { finishRevocation } from "./finish-revocation.ts";
import { listConsents } from "./list-consents.ts";
import { revokeConsent } from "./revoke-consent.ts";

const [ana, bob] = ["01JANA00000000000000000000", "01JBB000000000000000000000"];
const now = Date.UTC(2026, 0, 1);
const clock = () => now;

let store: Store;
let dependencies: OauthDependencies;
/** What the session service was asked to void; it is away while `isAway`. */
let voided: { userId: string; clientId: string; version: bigint }[];
let isAway: boolean;

beforeEach(async () => {
  store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  voided = [];
  isAway = false;
  const transport = createRouterTransport(({ service }) => {
    service(RevocationService, {
      bumpEpoch({ subject, changedVersion }) {
        if (isAway) throw new ConnectError("away", Code.Internal);
        if (subject.case !== "consent") throw new ConnectError("nothing but consents", Code.InvalidArgument);
        const { userId, clientId } = subject.value;
        voided.push({ userId, clientId, version: changedVersion });
        return { epoch: changedVersion };
      },
    });
  });
  const pageTokens = createPageTokens(testVault(store, clock));
  const needs = {
    store,
    clock,
    pageTokens,
    peers: createPeers(() => transport),
    clients: createClients({ store, clock }),
  };
  dependencies = needs as unknown as OauthDependencies;
  return () => store.close();
});

/** A change that a test makes for itself. */
const madeBy = (type: string, id: string) =>
  eventOf(
    testCall(),
    now,
    { type, id, version: 1 },
    {
      case: "clientCreated",
      value: { $typeName: "koder.events.v1.ClientCreated", clientName: "", dynamicallyRegistered: false },
    },
  );

async function client(clientId: string): Promise<void> {
  const record = create(ClientSchema, { clientId, clientName: `The ${clientId}` });
  await store.tenant("t1").commit([insert(clientCollection, record)], [madeBy("client", clientId)]);
}

async function consent(userId: string, clientId: string): Promise<void> {
  const times = { createTime: timestampFromMs(now), updateTime: timestampFromMs(now) };
  const granted = [{ resource: "", scopes: ["openid", "email"] }];
  const record = create(ConsentSchema, { userId, clientId, granted, ...times });
  await store.tenant("t1").commit([insert(consents, record)], [madeBy("consent", consents.id(record))]);
}

const as = (userId: string): Partial<Call> => ({
  caller: {
    kind: "user",
    userId,
    clientId: "account",
    sessionId: "s",
    scopes: new Set(),
    permissions: new Set(),
    instance: false,
    authTime: 0,
  },
});
const list = async (userId: string, page: { pageSize?: number; pageToken?: string } = {}, overrides = {}) =>
  listConsents(dependencies)(create(ListConsentsRequestSchema, { userId, ...page }), handlerContext(overrides));
const revoke = (userId: string, clientId: string, overrides = {}) =>
  revokeConsent(dependencies)(create(RevokeConsentRequestSchema, { userId, clientId }), handlerContext(overrides));
const idsOf = async (userId: string) => (await list(userId)).consents.map(({ clientId }) => clientId);

describe("consents", () => {
  test("are listed for their person, by client, page by page, with what was granted", async () => {
    for (const id of ["c", "a", "b"]) {
      await client(id);
      await consent(ana, id);
    }
    await consent(bob, "a");
    const first = await list("me", { pageSize: 2 }, as(ana));
    expect(first.consents.map(({ clientId }) => clientId)).toEqual(["a", "b"]);
    expect(first.consents[0]).toMatchObject({
      userId: ana,
      clientName: "The a",
      granted: [{ resource: "", scopes: ["openid", "email"] }],
    });
    const second = await list("me", { pageSize: 2, pageToken: first.nextPageToken }, as(ana));
    expect([second.consents.map(({ clientId }) => clientId), second.nextPageToken]).toEqual([["c"], ""]);
    await expect(list(bob, { pageToken: first.nextPageToken })).rejects.toThrow(/page/);
  });

  test("of clients that are gone are not listed", async () => {
    await consent(ana, "gone");
    expect(await idsOf(ana)).toEqual([]);
  });

  test("are taken back for one client of one person, and what they gave with them", async () => {
    for (const id of ["a", "b"]) {
      await client(id);
      await consent(ana, id);
    }
    await consent(bob, "a");
    await revoke("me", "a", as(ana));
    expect([await idsOf(ana), await idsOf(bob)]).toEqual([["b"], ["a"]]);
    expect(voided).toEqual([{ userId: ana, clientId: "a", version: 2n }]);
  });

  test("a repeat ends what was given since, and a client that needs no consent is ended as well", async () => {
    await client("a");
    await revoke(ana, "a");
    await revoke(ana, "a");
    expect(voided.map(({ version }) => version)).toEqual([1n, 2n]);
    await expect(revoke(ana, "nobody")).rejects.toThrow("no client has the id nobody");
  });

  test("those taken back at the same moment each count", async () => {
    await client("a");
    await Promise.all(Array.from({ length: 5 }, () => revoke(ana, "a")));
    expect(new Set(voided.map(({ version }) => version))).toEqual(new Set([1n, 2n, 3n, 4n, 5n]));
  });

  test("what a crash left good is voided by whoever reads the event, at its own version", async () => {
    await client("a");
    await consent(ana, "a");
    isAway = true;
    await expect(revoke(ana, "a")).rejects.toThrow("could not be ended yet");
    isAway = false;
    const finish = finishRevocation(dependencies);
    for (const { event } of await store.system().outbox(0, 100)) await finish({ tenantId: "t1", event });
    expect(voided).toEqual([{ userId: ana, clientId: "a", version: 2n }]);
    expect(await idsOf(ana)).toEqual([]);
  });
});
