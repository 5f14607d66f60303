import type { GrantSchema } from "#gen/koder/session/store/v1/grant_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { grants } from "../collections.ts";

const pageLength = 100;

/** Every grant for offline use that ends when this session's person signs out. */
export async function* grantsEndingAtLogout(
  data: TenantStore,
  sessionId: string,
): AsyncGenerator<Stored<typeof GrantSchema>> {
  const asked = { index: "logout_session_id", equals: sessionId, limit: pageLength };
  let page = await data.page(grants, asked);
  for (;;) {
    yield* page.items;
    if (page.next === undefined) return;
    page = await data.page(grants, { ...asked, after: page.next });
  }
}
