import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { DueMailSchema, MailJobSchema, MailKind, MailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { ownWork, type Outbound } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import { createTenantShares } from "../../host/outbound/tenant-shares.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { PagePosition, Store, Stored, SystemStore } from "../../store/store.ts";
import { remove, replace } from "../../store/writes.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import { ulid } from "../../vault/random.ts";
import type { Vault } from "../../vault/vault.ts";
import type { Peers } from "../../host/peers.ts";
import { serves, type Tenants } from "../../host/tenants.ts";
import { dueMails, mailJobs } from "../collections.ts";
import { lookOfTenant } from "./look-of-tenant.ts";
import { mailGivenUp } from "./mail-events.ts";
import { senderOf } from "./mail-settings.ts";
import { MailNotSent, type MailTransport } from "./mail-transport.ts";
import { templateOf } from "./mail-templates.ts";
import { mailLocale } from "./mail-texts.ts";
import { mailPlace } from "./queue-mail.ts";
import { kindName, renderMail } from "./render-mail.ts";
import { renderSms } from "./render-sms.ts";

/**
 * Mails under way at once: as many as the operator's server, those of tenants and whoever brings SMS have at once, so that none of these
 * holds up what goes by another. Those of one tenant among them, and how often it is looked whether there are others, in milliseconds.
 */
const [mostAtOnce, mostOfTenant, every] = [48, 12, 250];
/** Of those that are due, how many are read at once, and how often in one look. */
const [batch, mostBatches] = [250, 4];
/** How long a mail is left to whoever took it, in milliseconds: longer than all steps of sending together. */
export const takenFor = 90_000;
/** How long one is left alone while its tenant is suspended, in milliseconds. */
const whileSuspended = 60_000;
/** Pauses after the first failed attempt, the second, …, in milliseconds; the last one goes on. */
const pauses = [2_000, 10_000, 30_000, 120_000, 300_000] as const;

/** An attempt to send a mail. */
export interface MailAttempt {
  readonly tenantId: string;
  readonly mailId: string;
  readonly kind: string;
  readonly outcome: "sent" | "tried again" | "given up";
  /** Why it failed; undefined when it did not. */
  readonly fault: string | undefined;
}

export interface MailDeliveryNeeds {
  readonly store: Pick<Store, "tenant">;
  readonly system: SystemStore;
  readonly vault: Vault;
  readonly tenants: Pick<Tenants, "get">;
  readonly peers: Peers;
  readonly transport: MailTransport;
  /** For what goes to telephones. */
  readonly sms: MailTransport;
  readonly clock: () => number;
  readonly onAttempt: (attempt: MailAttempt) => void;
  /** Told of what kept us from trying at all. */
  readonly onFault: (error: unknown, mail: { readonly tenantId: string; readonly mailId: string }) => void;
}

/** Sends mails in the background. */
export interface MailDeliveries {
  /** Begins with whatever is due; answers how long to wait. Never waits for a mail. */
  step(): Promise<number>;
  /** Ends it: what is under way is finished. */
  stop(): Promise<void>;
}

/**
 * Takes each mail that is due, sends it, and forgets it when somebody else has taken over. One that nobody takes is tried
 * again until what it carries has expired, and then given up with an event. Who dies in the middle has it sent by another
 * process, so that a mail may come twice. However many a tenant has waiting, another one's are sent beside them.
 */
export function createMailDeliveries(needs: MailDeliveryNeeds): MailDeliveries {
  const { system, clock, onFault, transport, sms } = needs;
  const underWay = new Map<string, Promise<void>>();
  const shares = createTenantShares(mostOfTenant);
  /** Where the next look goes on; undefined for the one that has waited longest. */
  let after: PagePosition | undefined;

  /** Those that are due, from where the look before ended: what cannot be sent yet keeps nobody from seeing what is behind it. */
  async function look(): Promise<readonly Stored<typeof DueMailSchema>[]> {
    const found: Stored<typeof DueMailSchema>[] = [];
    const query = { index: "due_time", range: { to: clock() + 1 }, limit: batch } as const;
    for (let batches = 0; batches < mostBatches; batches += 1) {
      const { items, next } = await system.page(dueMails, after === undefined ? query : { ...query, after });
      found.push(...items);
      after = next;
      if (next === undefined) break;
    }
    return inTurns(found);
  }

  return {
    async step() {
      for (const due of await look()) {
        const { jobId, tenantId } = due.record;
        if (underWay.has(jobId) || underWay.size >= mostAtOnce || shares.isFull(tenantId)) continue;
        const work = shares
          .run(tenantId, () => deliver(needs, due))
          .catch((error: unknown) => onFault(error, { tenantId, mailId: jobId }))
          .finally(() => underWay.delete(jobId));
        underWay.set(jobId, work);
      }
      return every;
    },
    async stop() {
      await Promise.all(underWay.values());
      await Promise.all([transport.close(), sms.close()]);
    },
  };
}

/** One of each tenant, then another one of each, and so on; of one tenant in the order in which they are due. */
function inTurns(due: readonly Stored<typeof DueMailSchema>[]): readonly Stored<typeof DueMailSchema>[] {
  const turns = new Map<string, number>();
  const turnOf = ({ record: { tenantId } }: Stored<typeof DueMailSchema>): number => {
    const turn = turns.get(tenantId) ?? 0;
    turns.set(tenantId, turn + 1);
    return turn;
  };
  return due
    .map((one) => ({ one, turn: turnOf(one) }))
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ one }) => one);
}

async function deliver(needs: MailDeliveryNeeds, due: Stored<typeof DueMailSchema>): Promise<void> {
  const { store, system, clock } = needs;
  const taken = await lookAgain(system, due, clock() + takenFor);
  if (taken === undefined) return; // another process has it
  const { jobId, tenantId } = due.record;
  const job = await store.tenant(tenantId).get(mailJobs, jobId);
  const work = ownWork({ service: "auth", tenantId, requestId: ulid(clock()), deadline: clock() + deadlines.usual });
  const next = job === undefined ? undefined : await attempt(needs, work, job);
  if (next === undefined) await commitUnlessChanged(system, [remove(dueMails, taken)]);
  else await lookAgain(system, taken, next);
}

/** Says when to look next; undefined where somebody else has said otherwise. */
async function lookAgain(
  system: SystemStore,
  { record, version }: Stored<typeof DueMailSchema>,
  at: number,
): Promise<Stored<typeof DueMailSchema> | undefined> {
  const after = create(DueMailSchema, { ...record, dueTime: timestampFromMs(at) });
  const isDone = await commitUnlessChanged(system, [replace(dueMails, after, version)]);
  return isDone ? { record: after, version: version + 1 } : undefined;
}

/** Tries a mail, and answers when to try it again (ms); undefined when that is over, one way or the other. */
async function attempt(
  needs: MailDeliveryNeeds,
  work: Outbound,
  job: Stored<typeof MailJobSchema>,
): Promise<number | undefined> {
  const { store, tenants, clock, onAttempt } = needs;
  const { id, kind } = job.record;
  if (!(await serves(tenants, work))) return clock() + whileSuspended;
  const data = store.tenant(work.tenantId);
  const told = { tenantId: work.tenantId, mailId: id, kind: kindName(kind) };
  const outcome = await send(needs, work, job.record);
  if (!(outcome instanceof MailNotSent)) {
    await commitUnlessChanged(data, [remove(mailJobs, job)]);
    if (outcome === "sent") onAttempt({ ...told, outcome, fault: undefined });
    return undefined;
  }
  const now = clock();
  const isBusy = outcome.fault === "busy"; // nobody was asked
  const attempts = job.record.attempts + (isBusy ? 0 : 1);
  const next = now + (isBusy ? pauses[0] : (pauses[Math.min(attempts, pauses.length) - 1] ?? 0));
  const { fault, isFinal } = outcome;
  if (isFinal || next >= timeOf(job.record.expireTime)) {
    const record = { ...job.record, attempts };
    await commitUnlessChanged(data, [remove(mailJobs, job)], [mailGivenUp(work, now, record, job.version + 1, fault)]);
    onAttempt({ ...told, outcome: "given up", fault });
    return undefined;
  }
  const after = create(MailJobSchema, { ...job.record, attempts, nextAttemptTime: timestampFromMs(next) });
  await commitUnlessChanged(data, [replace(mailJobs, after, job.version)]);
  if (!isBusy) onAttempt({ ...told, outcome: "tried again", fault });
  return next;
}

const timeOf = (time: Parameters<typeof timestampMs>[0] | undefined): number =>
  time === undefined ? 0 : timestampMs(time);

/** Opens a mail and sends it. */
async function send(
  { store, vault, tenants, peers, transport, sms }: MailDeliveryNeeds,
  work: Outbound,
  job: Stored<typeof MailJobSchema>["record"],
): Promise<"sent" | "to nobody" | MailNotSent> {
  const tenantVault = await vault.tenant(work.tenantId, versionOfBox(job.sealedMail));
  const mail = fromBinary(MailSchema, tenantVault.open(mailPlace(job.id), job.sealedMail));
  if (mail.to === "") return "to nobody";
  const tenant = await tenants.get(work);
  const look = await lookOfTenant(peers, work, tenant);
  const lifetime = timeOf(job.expireTime) - timeOf(job.createTime);
  const isSms = job.kind === MailKind.SMS_OTP;
  const language = mailLocale(mail.locale);
  const data = store.tenant(work.tenantId);
  const { words } = await templateOf(data, kindName(job.kind), language);
  const rendered = isSms
    ? renderSms(mail, { words, tenant: look.name, host: new URL(tenant.canonicalOrigin).host, lifetime })
    : await renderMail(mail, { language, words, look, sender: await senderOf(data), lifetime });
  try {
    await (isSms ? sms : transport).send(rendered, { tenantId: work.tenantId, id: job.id });
    return "sent";
  } catch (error) {
    if (error instanceof MailNotSent) return error;
    throw error;
  }
}
