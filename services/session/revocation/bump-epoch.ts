import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { EpochSchema } from "#gen/koder/session/store/v1/epoch_pb.ts";
import {
  BumpEpochResponseSchema,
  type BumpEpochRequest,
  type BumpEpochResponse,
} from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { epochs } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { subjectKey, type EpochSubject } from "./epoch.ts";

/** Attempts at a commit that others race for; each loss means that somebody else's bump went through. */
const attempts = 16;

/**
 * Voids what a user or client was given until now, by counting its epoch up. Every bump counts: two at once give two
 * epochs, and each caller learns one that is at least its own. But one that names the change that it is for counts once,
 * whoever repeats it: so whoever finishes what another began does no harm to what was given since.
 */
export function bumpEpoch({ store, clock }: SessionDependencies) {
  return async (request: BumpEpochRequest, context: HandlerContext): Promise<BumpEpochResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const subject = subjectOf(request);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const before = await data.get(epochs, subjectKey(subject));
      const { epoch: current, countedVersion } = before?.record ?? { epoch: 0n, countedVersion: 0n };
      const { changedVersion } = request;
      if (changedVersion > 0n && changedVersion <= countedVersion) {
        return create(BumpEpochResponseSchema, { epoch: current });
      }
      const epoch = current + 1n;
      const record = create(EpochSchema, {
        subject: subjectKey(subject),
        epoch,
        countedVersion: changedVersion || countedVersion,
      });
      const version = (before?.version ?? 0) + 1;
      const event = eventOf(
        call,
        clock(),
        { type: "epoch", id: record.subject, version },
        { case: "epochBumped", value: { $typeName: "koder.events.v1.EpochBumped", epoch } },
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

function subjectOf(request: BumpEpochRequest): EpochSubject {
  const { subject } = request;
  switch (subject.case) {
    case "userId":
      return { user: subject.value };
    case "clientId":
      return { client: subject.value };
    case undefined:
      throw failure(ErrorReason.INVALID_REQUEST, "subject: name a user_id or a client_id");
  }
}
