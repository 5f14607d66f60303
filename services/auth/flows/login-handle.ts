import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { LoginHandleSchema } from "#gen/koder/auth/store/v1/login_handle_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { loginHandles } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowUses } from "./flow-secrets.ts";

/** How long a login handle is good, in milliseconds. */
const loginHandleLifetime = 60_000;

/** What a flow without a browser comes to, and what is committed to keep it: 256 random bits, of which a keyed hash is kept. */
export async function newLoginHandle(
  { vault, clock }: Pick<AuthDependencies, "vault" | "clock">,
  call: Call,
  { clientId, userId, amr, firstFactor, secondFactors, authTime, userEpoch }: Flow,
): Promise<{ readonly loginHandle: string; readonly write: Write }> {
  const loginHandle = randomToken("klh_");
  const record = create(LoginHandleSchema, {
    handleHash: (await vault.tenant(call.tenantId)).keyedHash(flowUses.loginHandle, loginHandle),
    clientId,
    userId,
    amr,
    firstFactor,
    secondFactors,
    userEpoch,
    remoteAddress: call.clientAddress,
    expireTime: timestampFromMs(clock() + loginHandleLifetime),
    ...(authTime ? { authTime } : {}),
  });
  return { loginHandle, write: insert(loginHandles, record) };
}
