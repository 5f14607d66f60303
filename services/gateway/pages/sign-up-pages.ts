import type { FastifyReply, FastifyRequest } from "fastify";
import { answeredBy, shownFault, type Fault } from "./fault.ts";
import { newPasswordHint } from "./new-password.ts";
import type { PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";
import { letterOf } from "./shown-account.ts";
import { shownClient } from "./shown-client.ts";
import { filled } from "./texts.ts";

/** Asks for the address of an account to be; where nobody may open one by themselves, there is only a fault to show. */
export const showSignUp = (
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn | undefined,
  email: string,
  fault?: Fault,
  isOpen = true,
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    template: "sign-up",
    ...answeredBy(fault),
    ...(pending === undefined ? {} : { uiLocales: pending.shown.uiLocales }),
    show: (texts) => ({
      email,
      isOpen,
      authorization: pending?.authorizationId ?? "",
      ...(pending === undefined ? {} : { client: shownClient(pending.shown) }),
      ...shownFault(fault, texts),
    }),
  });

/** Asks for name and password of an account to be, by a link that was mailed. */
export const showSignUpChoice = (
  request: FastifyRequest,
  reply: FastifyReply,
  {
    token,
    email,
    name,
    shortest,
    termsVersion,
    isAccepted,
  }: {
    readonly token: string;
    readonly email: string;
    readonly name: string;
    readonly shortest: number;
    /** The version of the terms that are accepted with it; empty for none. */
    readonly termsVersion: string;
    readonly isAccepted: boolean;
  },
  fault?: Fault,
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    template: "sign-up-choose",
    judgesPassword: true,
    ...answeredBy(fault),
    show: (texts, tenant, { termsUri }) => ({
      token,
      termsVersion,
      termsUri,
      isAccepted,
      termsOf: filled(texts["terms_read"], { tenant }),
      email,
      name,
      letter: letterOf(email),
      hint: newPasswordHint(texts, shortest),
      ...shownFault(fault, texts),
    }),
  });
