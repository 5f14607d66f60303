import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { EpochSchema, RevokedConsentSchema, type Epoch } from "#gen/koder/session/store/v1/epoch_pb.ts";
import {
  BumpEpochResponseSchema,
  type BumpEpochRequest,
  type BumpEpochResponse,
} from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { epochs } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { subjectKey, type EpochSubject } from "./epoch.ts";
import { revokedVersion } from "./revoked-consent.ts";

/** Attempts at a commit that others race for; each loss means that somebody else's bump went through. */
const attempts = 16;

/**
 * Voids what a user or client was given until now, by counting its epoch up, or what a user gave a client, by keeping the
 * version of the consent that was taken back. Every bump counts: two at once give two epochs, and each caller learns one that
 * is at least its own. But one that names the change that it is for counts once, whoever repeats it: so whoever finishes what
 * another began does no harm to what was given since.
 */
export function bumpEpoch({ store, clock }: SessionDependencies) {
  return async (request: BumpEpochRequest, context: HandlerContext): Promise<BumpEpochResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const key = subjectKey(subjectOf(request));
    const clientId = request.subject.case === "consent" ? request.subject.value.clientId : "";
    for (let attempt = 0; attempt < attempts; attempt++) {
      const before = await data.get(epochs, key);
      const { record, epoch } = counted(before?.record ?? create(EpochSchema, { subject: key }), request);
      if (record === undefined) return create(BumpEpochResponseSchema, { epoch });
      const version = (before?.version ?? 0) + 1;
      const event = eventOf(
        call,
        clock(),
        { type: "epoch", id: key, version },
        { case: "epochBumped", value: { $typeName: "koder.events.v1.EpochBumped", epoch, clientId } },
      );
      try {
        await data.commit([before ? replace(epochs, record, before.version) : insert(epochs, record)], [event]);
        return create(BumpEpochResponseSchema, { epoch });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
      }
    }
    throw failure(ErrorReason.CONFLICT, "the subject's epoch is being changed by too many others at once");
  };
}

/** The record after the bump, and the epoch that counts then; no record where the change was counted before. */
function counted(
  before: Epoch,
  { subject, changedVersion }: BumpEpochRequest,
): { readonly record?: Epoch; readonly epoch: bigint } {
  if (subject.case === "consent") {
    const { clientId } = subject.value;
    const revoked = revokedVersion(before, clientId);
    if (changedVersion <= revoked) return { epoch: revoked };
    const others = before.revokedConsents.filter((other) => other.clientId !== clientId);
    const taken = create(RevokedConsentSchema, { clientId, version: changedVersion });
    return { record: create(EpochSchema, { ...before, revokedConsents: [...others, taken] }), epoch: changedVersion };
  }
  if (changedVersion > 0n && changedVersion <= before.countedVersion) return { epoch: before.epoch };
  const epoch = before.epoch + 1n;
  return {
    record: create(EpochSchema, { ...before, epoch, countedVersion: changedVersion || before.countedVersion }),
    epoch,
  };
}

function subjectOf({ subject, changedVersion }: BumpEpochRequest): EpochSubject {
  switch (subject.case) {
    case "userId":
      return { user: subject.value };
    case "clientId":
      return { client: subject.value };
    case "consent":
      if (changedVersion > 0n) return { user: subject.value.userId };
      throw failure(ErrorReason.INVALID_REQUEST, "changed_version: is required with consent");
    case undefined:
      throw failure(ErrorReason.INVALID_REQUEST, "subject: name a user_id, a client_id or a consent");
  }
}
