import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";

/** What a kind of mail can say. */
export interface KindOfMail {
  readonly kind: MailKind;
  /** What it is sent for, which no template can leave out; undefined for one that only tells of something. */
  readonly carries: "link" | "code" | undefined;
  /** What its text may speak of besides. */
  readonly values: readonly ("tenant" | "minutes" | "address")[];
  /** Whether it goes to a telephone: a text alone, and a short one. */
  readonly isMessage?: boolean;
}

/** How long the text of a message to a telephone may be: with the line that binds its code, about what two of its parts hold. */
export const longestMessage = 200;

const told = ["tenant"] as const;
const timed = ["tenant", "minutes"] as const;

/** The kinds of mail, and of messages to telephones, whose texts a tenant can replace, by the names that they have in events. */
export const kindsOfMail: ReadonlyMap<string, KindOfMail> = new Map<string, KindOfMail>([
  ["password_reset", { kind: MailKind.PASSWORD_RESET, carries: "link", values: timed }],
  ["password_changed", { kind: MailKind.PASSWORD_CHANGED, carries: undefined, values: told }],
  ["email_verification", { kind: MailKind.EMAIL_VERIFICATION, carries: "link", values: timed }],
  ["email_change_new", { kind: MailKind.EMAIL_CHANGE_NEW, carries: "link", values: timed }],
  ["email_change_old", { kind: MailKind.EMAIL_CHANGE_OLD, carries: "link", values: [...timed, "address"] }],
  ["sign_up", { kind: MailKind.SIGN_UP, carries: "link", values: timed }],
  ["sign_up_known", { kind: MailKind.SIGN_UP_KNOWN, carries: "link", values: told }],
  ["invitation", { kind: MailKind.INVITATION, carries: "link", values: timed }],
  ["email_otp", { kind: MailKind.EMAIL_OTP, carries: "code", values: timed }],
  ["sms_otp", { kind: MailKind.SMS_OTP, carries: "code", values: timed, isMessage: true }],
  ["email_verification_code", { kind: MailKind.EMAIL_VERIFICATION_CODE, carries: "code", values: timed }],
  ["factor_added", { kind: MailKind.FACTOR_ADDED, carries: undefined, values: told }],
  ["factor_removed", { kind: MailKind.FACTOR_REMOVED, carries: undefined, values: told }],
  ["access_token_created", { kind: MailKind.ACCESS_TOKEN_CREATED, carries: undefined, values: told }],
]);
