import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Stored } from "../../store/store.ts";
import { randomToken } from "../../vault/random.ts";
import { versionOfKeyedHash } from "../../vault/tenant-vault.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { flowLifetime } from "../dependencies.ts";
import { browserHash, flowUses } from "./flow-secrets.ts";

// A flow that begins with a passkey is offered on every sign-in page, and most are never taken up. So none is kept before it is:
// what the passkey signs has the flow in it, under our own hash. The flow's record is inserted by whoever takes it up, and by no
// second one, because its id follows from the offer alone.

const offered = /^([A-Za-z0-9_-]{22})\.(\d{10,13})\.(k\d{1,10}:[A-Za-z0-9_-]{43})$/;

const hashed = (nonce: string, expires: string, browserToken: string) => `${nonce}.${expires}.${browserToken}`;

/** What a passkey must sign to begin a flow in this browser, in base64url. `now` in milliseconds. */
export function offerFlow(vault: TenantVault, now: number, browserToken: string): string {
  const nonce = randomToken("", 16);
  const expires = String(now + flowLifetime);
  const hash = vault.keyedHash(flowUses.offered, hashed(nonce, expires, browserToken));
  return Buffer.from(`${nonce}.${expires}.${hash}`).toString("base64url");
}

/**
 * The flow that was offered to this browser by what a passkey signed, as it is before it is kept: version 0. Undefined for what
 * was not offered to it, or too long ago.
 */
export function offeredFlow(
  vault: TenantVault,
  now: number,
  browserToken: string,
  challenge: string,
): Stored<typeof FlowSchema> | undefined {
  const [, nonce = "", expires = "", hash = ""] =
    offered.exec(Buffer.from(challenge, "base64url").toString("latin1")) ?? [];
  if (nonce === "" || Number(expires) <= now) return undefined;
  if (!vault.verifyKeyedHash(flowUses.offered, hash, hashed(nonce, expires, browserToken))) return undefined;
  // By the version of the key that made the offer, so that a rotation meanwhile gives it no second id.
  const version = versionOfKeyedHash(hash);
  const idHash = vault.keyedHashes(flowUses.id, nonce).find((one) => versionOfKeyedHash(one) === version);
  if (idHash === undefined) return undefined;
  const record = create(FlowSchema, {
    idHash,
    browserHash: browserHash(vault, browserToken),
    state: FlowState.PENDING,
    nextSteps: [FlowStep.PASSKEY],
    passkeyChallenge: challenge,
    createTime: timestampFromMs(now),
    expireTime: timestampFromMs(Number(expires)),
  });
  return { record, version: 0 };
}
