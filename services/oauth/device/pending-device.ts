import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { DeviceCodeService, type WaitingDevice } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { pendingAuthorization } from "../authorize/pending-authorization.ts";
import { activeSession } from "../authorize/browser-sessions.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { signedInPerson } from "./signed-in-person.ts";

/** What a browser brings. */
interface BrowserRequest {
  readonly authorizationId: string;
  readonly browserToken: string;
  readonly sessionToken: string;
}

/** A device that waits for the person of a browser. */
export interface PendingDevice {
  readonly client: Client;
  readonly device: WaitingDevice;
  /** Undefined when nobody is signed in, or not by what the client needs. */
  readonly session: Session | undefined;
}

/**
 * What waits with a pending authorization that a user code began, in the browser that typed it. Throws AUTHORIZATION_NOT_FOUND
 * when there is no such one, or it waits no more: it has expired, was decided, or its client has gone.
 */
export async function pendingDevice(
  dependencies: OauthDependencies,
  call: Call,
  { authorizationId, browserToken, sessionToken }: BrowserRequest,
): Promise<PendingDevice> {
  const { peers, clients } = dependencies;
  const { record } = await pendingAuthorization(dependencies, call, authorizationId, browserToken);
  const { clientId, deviceCodeId } = record;
  if (deviceCodeId === "") throw deviceGone();
  const [client, { device }, active] = await Promise.all([
    clients.get(call, clientId),
    peers.client(DeviceCodeService).getDeviceCode({ deviceCodeId }, forward(call)),
    activeSession(peers, call, sessionToken),
  ]);
  if (client === undefined || device === undefined) throw deviceGone();
  return { client, device, session: await signedInPerson(dependencies, call, record, active) };
}

/** Nothing waits any more. */
export const deviceGone = () =>
  oauthFailure(
    OauthErrorReason.AUTHORIZATION_NOT_FOUND,
    "the device waits no more; start again on the device, and type the code that it shows then",
  );
