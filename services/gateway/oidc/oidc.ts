import type { FastifyInstance } from "fastify";
import type { Peers } from "../../host/peers.ts";
import type { ShowError } from "../pages/error-page.ts";
import { mountAuthorize } from "./authorize.ts";
import { mountDeviceAuthorization } from "./device-authorization.ts";
import { mountDiscovery } from "./discovery.ts";
import { mountRelatedOrigins } from "./related-origins.ts";
import { mountIntrospect } from "./introspect.ts";
import { mountEndSession } from "./end-session.ts";
import { mountKeys, type KeySets } from "./keys.ts";
import { mountPar } from "./par.ts";
import { mountRevoke } from "./revoke.ts";
import { mountRegister } from "./register.ts";
import { mountToken } from "./token.ts";
import { mountUserinfo } from "./userinfo.ts";

export interface OidcOptions {
  readonly peers: Peers;
  readonly showError: ShowError;
  readonly keySets: KeySets;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Adds the standard endpoints: each reads the standard's HTTP, calls one RPC, and writes the standard's answer. */
export function mountOidc(app: FastifyInstance, options: OidcOptions): void {
  mountDiscovery(app, options);
  mountRelatedOrigins(app, options);
  mountKeys(app, options);
  mountAuthorize(app, options);
  mountPar(app, options);
  mountToken(app, options);
  mountDeviceAuthorization(app, options);
  mountIntrospect(app, options);
  mountRevoke(app, options);
  mountUserinfo(app, options);
  mountRegister(app, options);
  mountEndSession(app, options);
}
