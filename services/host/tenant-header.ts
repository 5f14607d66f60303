/** What is said of `X-Koder-Tenant` where no credential is looked at, whatever was sent. */
export const tenantHeaderUseless =
  "X-Koder-Tenant chooses no tenant here, whatever the credential: leave it out, and call a host of the tenant";
