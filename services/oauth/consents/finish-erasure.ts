import { ownWork } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { remove } from "../../store/writes.ts";
import { consents } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** Consents that go in one commit. */
const batch = 50;

/**
 * Removes the consents of a user that an event says was erased, those that were taken back as well. What was given by them is
 * void already.
 */
export function finishErasure({ store, clock }: Pick<OauthDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId: userId } }) => {
    if (payload.case !== "userErased") return;
    const data = store.tenant(tenantId);
    const work = ownWork({ service: "oauth", tenantId, requestId, deadline: clock() + deadlines.usual });
    for (;;) {
      const { items } = await data.page(consents, { index: "id", prefix: `${userId}/`, limit: batch });
      if (items.length === 0) return;
      const revoked = items.map(({ record, version }) =>
        eventOf(
          work,
          clock(),
          { type: "consent", id: consents.id(record), version: version + 1 },
          {
            case: "consentRevoked",
            value: { $typeName: "koder.events.v1.ConsentRevoked", clientId: record.clientId, userId },
          },
        ),
      );
      await data.commit(
        items.map((stored) => remove(consents, stored)),
        revoked,
      );
    }
  };
}
