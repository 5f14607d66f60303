import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { FlowSchema, type Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { FlowState } from "#gen/koder/auth/v1/flow_pb.ts";
import {
  BrowserSessionService,
  type CreateSessionResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { Conflict, type Stored, type TenantStore, type Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { flows, knownDevices, rememberedDevices } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { rememberDevice } from "../devices/known-device.ts";
import { rememberBrowser } from "../devices/remembered-device.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { acrOf } from "./acr.ts";
import { flowAdvanced } from "./flow-events.ts";
import { newLoginHandle } from "./login-handle.ts";
import { stepNotExpected, type FlowReference } from "./open-flow.ts";

/** What is used up in the commit that moves a flow on: with it or not at all. */
export interface UsedUp {
  readonly writes: readonly Write[];
  readonly events: readonly Event[];
}

const nothing: UsedUp = { writes: [], events: [] };

/**
 * Moves a flow on; a flow that was moved by another call meanwhile does not move again, and one that was only offered is kept
 * from now on. What a passkey must sign is another thing at each step. Rejects with the Conflict of what
 * was to be used up where that was used by another.
 */
export async function advanceFlow(
  data: TenantStore,
  call: Call,
  now: number,
  stored: Stored<typeof FlowSchema>,
  change: Partial<Flow>,
  usedUp = nothing,
): Promise<Stored<typeof FlowSchema>> {
  const passkeyChallenge = randomToken("");
  const record = create(FlowSchema, { ...stored.record, passkeyChallenge, ...change });
  const version = stored.version + 1;
  try {
    const isOffered = stored.version === 0;
    await data.commit(
      [isOffered ? insert(flows, record) : replace(flows, record, stored.version), ...usedUp.writes],
      [flowAdvanced(call, now, record, version), ...usedUp.events],
    );
  } catch (error) {
    throw error instanceof Conflict && error.collection === flows.name ? stepNotExpected() : error;
  }
  return { record, version };
}

const ofDevices: ReadonlySet<string> = new Set([knownDevices.name, rememberedDevices.name]);

/**
 * Completes a flow whose factors have all succeeded, and begins the session. The flow first, in its own commit: it completes
 * once, and a crash before the session leaves the person to sign in again, with nothing open. One that this call has made is
 * completed by no other: it is told of and kept nowhere, and its session begins beside that, which shares the transaction where the
 * store groups commits; then a crash may leave a session whose token nobody was given. A flow without a browser begins none: it
 * comes to a login handle, in that commit.
 */
export async function completeFlow(
  dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "policies" | "clock">,
  call: Call,
  stored: Stored<typeof FlowSchema>,
  change: Partial<Flow>,
  { browser, device, isNew = false }: FlowReference,
  usedUp = nothing,
): Promise<{ readonly flow: Flow; readonly sessionToken: string; readonly loginHandle: string }> {
  const { store, vault, peers, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const done = { ...change, state: FlowState.COMPLETED, nextSteps: [] };
  if (stored.record.direct) {
    const { loginHandle, write } = await newLoginHandle(dependencies, call, { ...stored.record, ...done });
    const withHandle = { ...usedUp, writes: [...usedUp.writes, write] };
    const { record } = await advanceFlow(data, call, clock(), stored, done, withHandle);
    return { flow: record, sessionToken: "", loginHandle };
  }
  const { sessionLifetime, idleLifetime, secondFactors } = await rulesOfSignIn(dependencies, call, stored.record);
  const completed = create(FlowSchema, { ...stored.record, ...done });
  const completing = commitDone();
  if (!isNew) await completing;
  const [, { sessionToken }] = await Promise.all([completing, beginSession()]);
  return { flow: completed, sessionToken, loginHandle: "" };

  function beginSession(): Promise<CreateSessionResponse> {
    return peers.client(BrowserSessionService).createSession(
      {
        userId: completed.userId,
        ...(completed.authTime ? { authTime: completed.authTime } : {}),
        acr: acrOf(completed.amr),
        amr: completed.amr,
        userEpoch: completed.userEpoch,
        secondFactorRemembered: completed.secondFactorRemembered,
        firstFactor: completed.firstFactor,
        // A browser is remembered by any of those that are allowed, and which of them it was is not kept.
        secondFactors: completed.secondFactorRemembered ? [...secondFactors] : completed.secondFactors,
        lifetime: durationFromMs(sessionLifetime),
        ...(idleLifetime === undefined ? {} : { idleLifetime: durationFromMs(idleLifetime) }),
        remoteAddress: browser?.remoteAddress ?? "",
        userAgent: browser?.userAgent ?? "",
        previousSessionToken: browser?.sessionToken ?? "",
      },
      forward(call),
    );
  }

  /** Remembers the browser by the way. Where another sign-in there did so at the same moment, that is enough. */
  async function commitDone(): Promise<void> {
    const now = clock();
    const browserToken = browser?.browserToken ?? "";
    const remembered = await rememberDevice(
      data,
      await vault.tenant(call.tenantId),
      now,
      stored.record.userId,
      browserToken,
      device,
    );
    const second = await rememberBrowser(dependencies, call, completed, { flowId: "", browser });
    const advance = async ({ writes, events }: UsedUp): Promise<void> => {
      if (isNew) await data.commit(writes, [flowAdvanced(call, now, completed, 1), ...events]);
      else await advanceFlow(data, call, now, stored, done, { writes, events });
    };
    try {
      const writes = [...usedUp.writes, ...remembered, ...second.writes];
      await advance({ writes, events: [...usedUp.events, ...second.events] });
    } catch (error) {
      if (!(error instanceof Conflict) || !ofDevices.has(error.collection)) throw error;
      await advance(usedUp);
    }
  }
}
