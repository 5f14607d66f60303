import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { RememberedDeviceSchema, type RememberedDevice } from "#gen/koder/auth/store/v1/remembered_device_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, TenantStore, Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { rememberedDevices } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { isSecondFactorShown, shownFactors } from "../factors/shown-factors.ts";
import { everySecondFactor, rulesOfSignIn, type SignInRules } from "../policy/effective-policy.ts";
import type { FlowReference } from "../flows/open-flow.ts";
import { rememberedDeviceChanged } from "./remembered-device-event.ts";

const use = "remembered-device";
const factorsUse = "remembered-device-factors";
const secretOf = (userId: string, browserToken: string): string => `${userId}/${browserToken}`;

/** What the factors of a person were when a browser was remembered, their ids, in their order; and which were allowed, unless all. */
async function factorsOf(
  data: TenantStore,
  userId: string,
  { secondFactors }: Pick<SignInRules, "secondFactors">,
): Promise<string> {
  const ids = (await factorsOfUser(data, userId)).map(({ record }) => record.id);
  const isRestricted = secondFactors.size < everySecondFactor.size;
  return [...ids, ...(isRestricted ? [`allowed ${[...secondFactors].toSorted((a, b) => a - b).join(" ")}`] : [])].join(
    "/",
  );
}

type Needs = Pick<AuthDependencies, "store" | "vault" | "peers" | "policies" | "clock">;

/**
 * Whether no second factor is asked for in this browser. It must be remembered for this person, as they are now: whatever voids
 * what they were issued, such as another password, and any factor more or less, had or allowed, ends it, and so does a policy that
 * lets browsers be remembered for a shorter time. It never stands in for a factor that a client asks for, nor before a password is
 * changed. Where no browser is remembered nothing is read.
 */
export async function isRemembered(
  dependencies: Needs,
  call: Call,
  flow: Flow,
  { browser }: FlowReference,
): Promise<boolean> {
  const { store, vault, policies, clock } = dependencies;
  const isNever = (await policies.get(call)).rules.rememberedFor === 0;
  if (isNever || browser === undefined || flow.amr.includes("mfa")) return false;
  if (flow.userId === "" || flow.secondFactorWanted || flow.passwordChangeRequired) return false;
  const rules = await rulesOfSignIn(dependencies, call, flow);
  const { rememberedFor } = rules;
  if (rememberedFor === 0) return false;
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const device = (await find(data, tenantVault, flow.userId, browser.browserToken))?.record;
  if (device?.createTime === undefined || device.userEpoch !== flow.userEpoch) return false;
  if (timestampMs(device.createTime) + rememberedFor <= clock()) return false;
  return tenantVault.verifyKeyedHash(factorsUse, device.factorsHash, await factorsOf(data, flow.userId, rules));
}

const find = (
  data: TenantStore,
  vault: TenantVault,
  userId: string,
  browserToken: string,
): Promise<Stored<typeof RememberedDeviceSchema> | undefined> =>
  findBySecret(vault, use, secretOf(userId, browserToken), (hash) => data.get(rememberedDevices, hash));

/**
 * What remembers a browser, for the commit that completes a sign-in with a second factor there, where its person wants that and
 * the policy lets them.
 */
export async function rememberBrowser(
  dependencies: Needs,
  call: Call,
  flow: Flow,
  { browser }: FlowReference,
): Promise<{ readonly writes: readonly Write[]; readonly events: readonly Event[] }> {
  const { store, vault, clock } = dependencies;
  if (browser === undefined || !flow.rememberDevice || !flow.amr.includes("mfa")) return { writes: [], events: [] };
  const rules = await rulesOfSignIn(dependencies, call, flow);
  const { rememberedFor, secondFactors } = rules;
  // A factor that is not allowed was shown to go on, and stands for nothing later.
  if (rememberedFor === 0 || !isSecondFactorShown(shownFactors(flow), secondFactors)) return { writes: [], events: [] };
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const { userId, userEpoch } = flow;
  const before = await find(data, tenantVault, userId, browser.browserToken);
  const now = clock();
  const record: RememberedDevice = create(RememberedDeviceSchema, {
    idHash: before?.record.idHash ?? tenantVault.keyedHash(use, secretOf(userId, browser.browserToken)),
    id: before?.record.id ?? ulid(now),
    userId,
    userEpoch,
    factorsHash: tenantVault.keyedHash(factorsUse, await factorsOf(data, userId, rules)),
    userAgent: browser.userAgent,
    createTime: timestampFromMs(now),
    expireTime: timestampFromMs(now + rememberedFor),
  });
  const version = (before?.version ?? 0) + 1;
  return {
    writes: [
      before === undefined ? insert(rememberedDevices, record) : replace(rememberedDevices, record, before.version),
    ],
    events: [rememberedDeviceChanged(call, now, record, version, "remembered")],
  };
}
