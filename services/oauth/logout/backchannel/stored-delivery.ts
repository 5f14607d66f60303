import type { LogoutDeliverySchema } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { Stored, TenantStore } from "../../../store/store.ts";
import { logoutDeliveries } from "../../collections.ts";
import { oauthFailure } from "../../oauth-failure.ts";

/** A delivery of the tenant. Throws LOGOUT_DELIVERY_NOT_FOUND. */
export async function storedDelivery(data: TenantStore, id: string): Promise<Stored<typeof LogoutDeliverySchema>> {
  const stored = await data.get(logoutDeliveries, id);
  if (stored !== undefined) return stored;
  throw oauthFailure(OauthErrorReason.LOGOUT_DELIVERY_NOT_FOUND, `no logout delivery has the id ${id}`);
}
