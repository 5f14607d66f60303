import type { FastifyReply, FastifyRequest } from "fastify";
import type { Peers } from "../../host/peers.ts";
import type { Form } from "../oidc/form.ts";
import { afterStep, type PageFlow, type StepAnswer } from "./after-step.ts";
import { acceptNewCode, askNewCode, enrolOtpFault, enrolOtpFlow, showNewCode } from "./enrol-otp.ts";
import { acceptTotp, enrolTotpFault, showEnrolTotp } from "./enrol-totp.ts";
import { namedEnrolWays, type EnrolFlow } from "./enrol-ways.ts";
import type { Fault } from "./fault.ts";
import { acceptPasskey, newPasskeyFault } from "./passkey.ts";
import type { PendingSignIn } from "./pending-sign-in.ts";

type Page = readonly [peers: Peers, request: FastifyRequest, reply: FastifyReply, pending: PendingSignIn];

/** Whether a form is one of the pages where a second factor is added. */
export const isEnrolment = (form: Form): boolean =>
  ["new_totp", "new_passkey", "new_way", "new_code"].some((name) => form.has(name));

/** Shows the page of a way to add one. */
export function showEnrolment(...[peers, request, reply, pending, flow]: [...Page, EnrolFlow]): Promise<FastifyReply> {
  const { way } = flow;
  return way === "totp" || way === "passkey"
    ? showEnrolTotp(peers, request, reply, pending, flow)
    : askNewCode(peers, request, reply, pending, { ...flow, way, phone: "", isAgain: false });
}

/** Takes what such a page sent: what shows that the person has the factor, or only that it is to be another one. */
export async function submitEnrolment(
  ...[peers, request, reply, pending, pageFlow, form]: [...Page, PageFlow, Form]
): Promise<FastifyReply> {
  const [named = "totp"] = namedEnrolWays(form.get("new_way"));
  const flow = { ...pageFlow, ways: namedEnrolWays(form.get("new_ways")), way: named };
  if (form.has("new_totp")) {
    const totp = { ...flow, way: "totp" } as const;
    const again = (fault: Fault) => showEnrolTotp(peers, request, reply, pending, totp, fault);
    return goOn(() => acceptTotp(peers, request, pending, totp, form), enrolTotpFault, again);
  }
  if (form.has("new_passkey")) {
    // The page that has both is that of the app.
    const passkey = { ...flow, way: flow.ways.includes("totp") ? "totp" : "passkey" } as const;
    const again = (fault: Fault) => showEnrolTotp(peers, request, reply, pending, passkey, fault);
    return goOn(() => acceptPasskey(peers, request, pending, passkey, form), newPasskeyFault, again);
  }
  const { way } = flow;
  if (way === "totp" || way === "passkey") return showEnrolTotp(peers, request, reply, pending, flow);
  const otp = enrolOtpFlow({ ...flow, way }, form);
  if (!form.has("new_code")) return askNewCode(peers, request, reply, pending, otp);
  const again = (fault: Fault) => showNewCode(request, reply, pending, otp, undefined, fault);
  return goOn(() => acceptNewCode(peers, request, pending, otp, form), enrolOtpFault, again);

  /** Leads on, or shows the page again with what was wrong. */
  async function goOn(
    accept: () => Promise<StepAnswer>,
    faultOf: (error: unknown) => Fault | undefined,
    showAgain: (fault: Fault) => Promise<FastifyReply>,
  ): Promise<FastifyReply> {
    try {
      return await afterStep(peers, request, reply, pending, pageFlow, await accept());
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      return showAgain(fault);
    }
  }
}
