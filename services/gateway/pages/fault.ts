import type { ErrorAnswer } from "../../host/error-answer.ts";
import { filled, type Texts } from "./texts.ts";

/** A page's summary of what went wrong, and the sentence beside the field. */
export interface Fault {
  readonly status: number;
  readonly id: string;
  readonly sentence: (texts: Texts) => string;
  readonly field?: (texts: Texts) => string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether a new password by mail is the way on: the page leads there. */
  readonly leadsToReset?: boolean;
}

/** How a page is answered: as its fault says, or well. */
export const answeredBy = (fault: Fault | undefined) => ({
  status: fault?.status ?? 200,
  headers: fault?.headers ?? {},
});

/** What a template shows of a fault. */
export const shownFault = (fault: Fault | undefined, texts: Texts) =>
  fault === undefined
    ? {}
    : {
        fault: {
          id: fault.id,
          sentence: fault.sentence(texts),
          field: fault.field?.(texts) ?? "",
          leadsToReset: fault.leadsToReset === true,
        },
      };

/** A text by its key, with its `{names}` filled in. */
export const text =
  (key: string, values: Readonly<Record<string, number>> = {}) =>
  (texts: Texts): string =>
    filled(texts[key], values);

/** There were too many attempts: how long to wait. */
export function waitFault({ id, headers }: Pick<ErrorAnswer, "id" | "headers">): Fault {
  const seconds = Number(headers["retry-after"] ?? 60);
  return { status: 429, id, sentence: wait(seconds), headers: { "retry-after": String(seconds) } };
}

function wait(seconds: number): Fault["sentence"] {
  if (seconds > 90) return text("fault_wait_minutes", { minutes: Math.ceil(seconds / 60) });
  return seconds > 1 ? text("fault_wait", { seconds }) : text("fault_wait_second");
}

/** No attempt is let through any more, however long they wait. */
export const usedUpFault = ({ id }: Pick<ErrorAnswer, "id">): Fault => ({
  status: 429,
  id,
  sentence: text("fault_used_up"),
  leadsToReset: true,
});

/** Too many passwords are being verified at this moment. */
export const busyFault = ({ id, headers }: Pick<ErrorAnswer, "id" | "headers">): Fault => ({
  status: 503,
  id,
  sentence: text("fault_busy"),
  headers: { "retry-after": headers["retry-after"] ?? "2" },
});
