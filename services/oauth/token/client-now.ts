import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { subjectSectorOf } from "../subjects/sector.ts";

/** What the session service is told of a client as it is now, so that it holds what was granted before to it. */
export const clientNow = async (
  { accessTargets }: Pick<OauthDependencies, "accessTargets">,
  call: Call,
  client: Client,
) => ({
  clientScopes: client.scopes,
  clientResources: await accessTargets.resourcesOf(call, client),
  subjectSector: subjectSectorOf(client),
});
