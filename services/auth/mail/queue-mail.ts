import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DueMailSchema, MailJobSchema, MailSchema, type MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { SystemStore, Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { dueMails, mailJobs } from "../collections.ts";

/** A mail that is to be sent. */
export interface QueuedMail {
  /** Keeps the job: belongs into the commit of what the mail is about. */
  readonly write: Write;
  /** Has it looked for. Follows that commit, and comes before the answer: without it nobody sends the mail. */
  queue(): Promise<void>;
}

/** Where the sealed part of a job belongs. */
export const mailPlace = (id: string) => ({ collection: mailJobs.name, id, field: "sealed_mail" });

/** Prepares mails to be sent. */
export interface Mailer {
  /** One of the tenant, of use until `expires` (ms). */
  prepare(
    tenant: { readonly tenantId: string; readonly vault: TenantVault },
    kind: MailKind,
    mail: Omit<MessageInitShape<typeof MailSchema>, "$typeName">,
    expires: number,
  ): QueuedMail;
}

/** Mails are sealed for their sender, wait in their tenant's space, and are found by their time in the system's. */
export function createMailer({
  system,
  clock,
}: {
  readonly system: SystemStore;
  readonly clock: () => number;
}): Mailer {
  return {
    prepare({ tenantId, vault }, kind, mail, expires) {
      const now = clock();
      const id = ulid(now);
      const [time, expireTime] = [timestampFromMs(now), timestampFromMs(expires)];
      const sealedMail = vault.seal(mailPlace(id), toBinary(MailSchema, create(MailSchema, mail)));
      const job = create(MailJobSchema, { id, kind, sealedMail, nextAttemptTime: time, createTime: time, expireTime });
      return {
        write: insert(mailJobs, job),
        async queue() {
          const due = create(DueMailSchema, { jobId: id, tenantId, dueTime: time, expireTime });
          await system.commit([insert(dueMails, due)], []);
        },
      };
    },
  };
}
