import { shownLineFault } from "../../../host/shown-line.ts";
import { webAddressFault } from "./web-address.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** What people and administrators are told of a client (RFC 7591 §2). */
export const description: MetadataPart<
  "clientName" | "clientUri" | "logoUri" | "policyUri" | "tosUri" | "contacts" | "softwareId" | "softwareVersion"
> = (client, wrong) => {
  const { clientName, clientUri, logoUri, policyUri, tosUri, contacts, softwareId, softwareVersion } = client;
  // It is shown where people decide: nobody's name turns the words around it.
  const nameFault = shownLineFault(clientName);
  if (nameFault !== undefined) wrong("client_name", nameFault);
  const links = { client_uri: clientUri, logo_uri: logoUri, policy_uri: policyUri, tos_uri: tosUri };
  for (const [field, uri] of Object.entries(links)) {
    const fault = webAddressFault(uri);
    if (fault !== undefined) wrong(field, fault);
  }
  return { clientName, clientUri, logoUri, policyUri, tosUri, contacts, softwareId, softwareVersion };
};
