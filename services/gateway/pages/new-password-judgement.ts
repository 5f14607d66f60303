import { ConnectError } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FastifyRequest } from "fastify";
import {
  NewPasswordService,
  type JudgeNewPasswordRequestSchema,
  type JudgeNewPasswordResponse,
} from "#gen/koder/auth/v1/new_password_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { filled, type Texts } from "./texts.ts";

/** By what somebody chooses a password: a flow of their browser, or a link that was mailed. */
export type Choosing = Omit<MessageInitShape<typeof JudgeNewPasswordRequestSchema>, "$typeName" | "password">;

/** What the rules that people can break are called in the texts. */
const keys: Readonly<Record<string, string>> = {
  too_short: "fault_short",
  too_long: "fault_long",
  unchanged: "fault_same",
  used_before: "fault_used",
  common: "fault_common",
  blocked_word: "fault_blocked",
};

/** The sentence of a rule that a password breaks; `limit` is the length that it must have, or may have. */
export const ruleSentence = (texts: Texts, rule: string, limit: number | string): string =>
  filled(texts[keys[rule] ?? "fault_simple"], { limit });

/** What the server, which decides in the end, has to say of a password that is being typed. */
export const judge = (
  peers: Peers,
  request: FastifyRequest,
  choosing: Choosing,
  password: string,
): Promise<JudgeNewPasswordResponse> =>
  peers.client(NewPasswordService).judgeNewPassword({ ...choosing, password }, forward(contextOf(request).outbound));

const strengths: Readonly<Record<number, string>> = { 2: "strength_good", 3: "strength_best" };

/** That, in a sentence. */
export function judgementSentence(texts: Texts, judgement: JudgeNewPasswordResponse): string {
  const { rule, strength, minLength, maxLength, length } = judgement;
  const left = minLength - length;
  if (rule === "too_short") return filled(texts[left === 1 ? "strength_short_one" : "strength_short"], { left });
  return rule === ""
    ? (texts[strengths[strength] ?? "strength_fair"] ?? "")
    : ruleSentence(texts, rule, rule === "too_long" ? maxLength : minLength);
}

/** What a new password is like where nothing else is known. */
const usualShortest = 15;

/** What a page says of a new password before anything is typed. */
export interface AskedPassword {
  /** Characters that it must have. */
  readonly shortest: number;
  /** The address to which the link was mailed by which it is chosen; empty where there is none, or it is not known now. */
  readonly email: string;
}

/** What is asked for, before anything is typed. Rejects with RECOVERY_TOKEN_INVALID for a link that is good for nothing. */
export async function askedPassword(peers: Peers, request: FastifyRequest, choosing: Choosing): Promise<AskedPassword> {
  try {
    const { minLength, email } = await judge(peers, request, choosing, "");
    return { shortest: minLength, email };
  } catch (error) {
    if (error instanceof ConnectError && errorAnswer(error).reason !== "RECOVERY_TOKEN_INVALID") {
      return { shortest: usualShortest, email: "" };
    }
    throw error;
  }
}
