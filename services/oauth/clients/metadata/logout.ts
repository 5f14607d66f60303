import { webAddressFault } from "./web-address.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** What happens to a client when a person signs out (OpenID Connect Back-Channel Logout §2.2). */
export const logout: MetadataPart<
  "backchannelLogoutUri" | "backchannelLogoutSessionRequired" | "logoutEndsOfflineGrants"
> = ({ backchannelLogoutUri, backchannelLogoutSessionRequired, logoutEndsOfflineGrants }, wrong) => {
  const fault = webAddressFault(backchannelLogoutUri, { endpoint: true });
  if (fault !== undefined) wrong("backchannel_logout_uri", fault);
  return { backchannelLogoutUri, backchannelLogoutSessionRequired, logoutEndsOfflineGrants };
};
