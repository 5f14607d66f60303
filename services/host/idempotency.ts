import { create, fromBinary, toBinary, type DescMessage, type DescMethod, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { RequestRecordSchema } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { expireTimeOf } from "../store/expire-time.ts";
import { Conflict, type Collection, type Store, type Write } from "../store/store.ts";
import { insert } from "../store/writes.ts";
import type { TenantVault, Vault } from "../vault/vault.ts";
import type { Call } from "./call.ts";
import { failure } from "./failure.ts";

/** How long a request id counts, in milliseconds. */
const counted = 86_400_000;

/** Names the MAC under which a request is remembered: a plain hash of one with a password would be a way to guess it. */
const requestUse = "request-hash";

/** Key version (4 bytes) and MAC. */
function keyedHashOf(vault: TenantVault, request: Uint8Array): Uint8Array<ArrayBuffer> {
  const { keyVersion, mac } = vault.mac(requestUse, request);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(keyVersion);
  return new Uint8Array(Buffer.concat([head, mac]));
}

/** Where a service keeps the answers to its Create calls. */
export function requestRecords(service: string): Collection<typeof RequestRecordSchema> {
  return {
    name: `${service}_requests`,
    schema: RequestRecordSchema,
    id: (record) => record.id,
    expiresAt: expireTimeOf,
    events: "none",
  };
}

/** One Create call that may carry a request id. */
export interface CreateCall<Request extends DescMessage, Response extends DescMessage> {
  readonly method: DescMethod;
  readonly requestId: string;
  readonly requestSchema: Request;
  readonly request: MessageShape<Request>;
  readonly responseSchema: Response;
}

/** Makes Create calls repeatable: a repeat within a day answers the first result. */
export interface Idempotency {
  /**
   * Runs `work`, or answers what it answered to the same request before. `work` adds what `remember(response)` gives to the
   * commit of its resource, so that both or neither are there. Throws REQUEST_ID_REUSED when the id came with another request.
   */
  run<Request extends DescMessage, Response extends DescMessage>(
    call: Call,
    create: CreateCall<Request, Response>,
    work: (remember: (response: MessageShape<Response>) => readonly Write[]) => Promise<MessageShape<Response>>,
  ): Promise<MessageShape<Response>>;
}

/** Idempotency over a collection that `requestRecords` made. The answers, which may hold secrets, are sealed. */
export function createIdempotency({
  store,
  vault,
  clock,
  collection,
}: {
  readonly store: Pick<Store, "tenant">;
  readonly vault: Vault;
  readonly clock: () => number;
  readonly collection: Collection<typeof RequestRecordSchema>;
}): Idempotency {
  return {
    async run(call, { method, requestId: sent, requestSchema, request, responseSchema }, work) {
      if (sent === "") return work(() => []);
      // A UUID is the same in capitals (RFC 9562 §4), and so is the request that it names.
      const requestId = sent.toLowerCase();
      const id = `${method.parent.typeName}/${method.name}/${requestId}`;
      const place = { collection: collection.name, id, field: "sealed_response" };
      const tenantVault = await vault.tenant(call.tenantId);
      const asked = Buffer.concat([
        Buffer.from(`${call.actor.type}/${call.actor.id}\0`, "utf8"),
        toBinary(requestSchema, { ...request, requestId }),
      ]);

      const answered = async () => {
        const stored = await store.tenant(call.tenantId).get(collection, id);
        if (stored === undefined) return undefined;
        const { requestHash } = stored.record;
        const [keyVersion, mac] = [Buffer.from(requestHash).readUInt32BE(0), requestHash.subarray(4)];
        const making = await vault.tenant(call.tenantId, keyVersion);
        if (!making.verifyMac(requestUse, keyVersion, asked, mac)) {
          throw failure(ErrorReason.REQUEST_ID_REUSED, "request_id: was used with another request", {
            violations: [{ field: "request_id", description: "must be new for a new request" }],
          });
        }
        return fromBinary(responseSchema, making.open(place, stored.record.sealedResponse));
      };

      const before = await answered();
      if (before !== undefined) return before;
      try {
        return await work((response) => [
          insert(
            collection,
            create(RequestRecordSchema, {
              id,
              requestHash: keyedHashOf(tenantVault, asked),
              sealedResponse: tenantVault.seal(place, toBinary(responseSchema, response)),
              expireTime: timestampFromMs(clock() + counted),
            }),
          ),
        ]);
      } catch (error) {
        // The same request was answered meanwhile; its resource may have been the one in the way.
        const meanwhile = await answered();
        if (meanwhile !== undefined) return meanwhile;
        if (error instanceof Conflict) throw failure(ErrorReason.CONFLICT, "the same request is being answered");
        throw error;
      }
    },
  };
}
