import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { PageFlow } from "./after-step.ts";
import type { Texts } from "./texts.ts";

/** The second factors that a person can add on the way of a sign-in, the usual one first: the step of the flow, and its text. */
const ways = {
  totp: { step: FlowStep.ENROL_TOTP, other: "enrol_totp_other" },
  passkey: { step: FlowStep.ENROL_PASSKEY, other: "enrol_passkey_button" },
  "sms-otp": { step: FlowStep.ENROL_SMS_OTP, other: "enrol_sms_other" },
  "email-otp": { step: FlowStep.ENROL_EMAIL_OTP, other: "enrol_email_other" },
} as const;

/** A second factor that is added, as the page's form names it. */
export type EnrolWay = keyof typeof ways;

const isWay = (name: string): name is EnrolWay => Object.hasOwn(ways, name);

/** Those that a flow waits for. */
export const enrolWays = (steps: readonly FlowStep[]): EnrolWay[] =>
  Object.keys(ways).filter((name): name is EnrolWay => isWay(name) && steps.includes(ways[name].step));

/** Those that a form names: what its page showed. */
export const namedEnrolWays = (listed: string): EnrolWay[] => listed.split(" ").filter(isWay);

/** A flow on the pages where a second factor is added. */
export interface EnrolFlow extends PageFlow {
  /** What the page offers. */
  readonly ways: readonly EnrolWay[];
  /** What it is about now. */
  readonly way: EnrolWay;
}

/** The other ways, each a button; beside an app a passkey has its own. */
export const otherEnrolWays = ({ ways: open, way }: EnrolFlow, texts: Texts) =>
  open
    .filter((one) => one !== way && !(way === "totp" && one === "passkey"))
    .map((one) => ({ way: one, words: texts[ways[one].other] }));
