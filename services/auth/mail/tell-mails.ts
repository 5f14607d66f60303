import type { Log } from "../../host/log.ts";
import type { Metrics } from "../../host/metrics.ts";
import type { MailAttempt } from "./deliver-mails.ts";

/** Counts mails, and logs the attempts that failed. */
export function tellMails({
  log,
  metrics,
}: {
  readonly log: Log;
  readonly metrics: Metrics;
}): (attempt: MailAttempt) => void {
  const sent = (by?: number) => metrics.count("koder_id_mails_sent_total", "Mails that a mail server took over.", by);
  const failed = (by?: number) =>
    metrics.count("koder_id_mail_attempts_failed_total", "Attempts to send a mail that failed.", by);
  const givenUp = (by?: number) => metrics.count("koder_id_mails_given_up_total", "Mails that nobody gets.", by);
  for (const counter of [sent, failed, givenUp]) counter(0);
  return (attempt) => {
    if (attempt.outcome === "sent") return sent();
    failed();
    if (attempt.outcome === "given up") givenUp();
    log.warn({ ...attempt }, attempt.outcome === "given up" ? "a mail was given up" : "a mail could not be sent yet");
  };
}
