import type { GrantSchema } from "#gen/koder/session/store/v1/grant_pb.ts";
import { everyRecord } from "../../store/every-record.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { grants } from "../collections.ts";

/** Grants in one look. */
const batch = 100;

/** Every grant for offline use that ends when this session's person signs out. */
export const grantsEndingAtLogout = (
  data: TenantStore,
  sessionId: string,
): AsyncGenerator<Stored<typeof GrantSchema>> =>
  everyRecord(data, grants, { index: "logout_session_id", equals: sessionId, limit: batch });
