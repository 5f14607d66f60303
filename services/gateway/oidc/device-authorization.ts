import type { FastifyInstance } from "fastify";
import { DeviceService, type DeviceAuthorization } from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { clientAuthentications } from "./client-authentication.ts";
import { mountClientEndpoint, refuse } from "./client-endpoint.ts";
import { duplicatesOf } from "./form.ts";

/** The device authorization endpoint (RFC 8628 §3.1). */
export function mountDeviceAuthorization(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  const endpoint = { path: "/oauth/v2/device_authorization", anyOriginMayRead: true };
  mountClientEndpoint(app, endpoint, async (request, reply, form) => {
    const { outcome } = await peers.client(DeviceService).authorizeDevice(
      {
        clientAuthentications: clientAuthentications(request.headers.authorization, form),
        scope: form.get("scope"),
        resources: form.getAll("resource"),
        duplicateParameters: duplicatesOf(form),
      },
      forward(contextOf(request).outbound),
    );
    switch (outcome.case) {
      case "authorization":
        return reply.send(deviceAnswer(outcome.value));
      case "error":
        return refuse(reply, outcome.value);
      case undefined:
        throw new Error("the oauth service answered a device authorization request with nothing");
    }
  });
}

/** RFC 8628 §3.2. */
const deviceAnswer = (authorization: DeviceAuthorization): string =>
  JSON.stringify({
    device_code: authorization.deviceCode,
    user_code: authorization.userCode,
    verification_uri: authorization.verificationUri,
    verification_uri_complete: authorization.verificationUriComplete,
    expires_in: authorization.expiresIn,
    interval: authorization.interval,
  });
