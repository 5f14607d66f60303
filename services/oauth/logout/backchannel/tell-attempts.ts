import type { Log } from "../../../host/log.ts";
import type { Metrics } from "../../../host/metrics.ts";

/** An attempt to tell a client that a session ended. */
export interface LogoutAttempt {
  readonly tenantId: string;
  readonly clientId: string;
  readonly deliveryId: string;
  /** What the delivery is now: `delivered`, `pending` or `dead`. */
  readonly state: string;
  /** Why it failed; undefined when it did not. */
  readonly fault: string | undefined;
}

/** Counts attempts, and logs the failed ones. */
export function tellAttempts({
  log,
  metrics,
}: {
  readonly log: Log;
  readonly metrics: Metrics;
}): (attempt: LogoutAttempt) => void {
  const count = (what: string, help: string, by = 1) => metrics.count(`koder_id_logout_${what}_total`, help, by);
  const delivered = (by?: number) => count("delivered", "Clients that took a logout token.", by);
  const failed = (by?: number) => count("attempts_failed", "Attempts to send a logout token that failed.", by);
  const dead = (by?: number) => count("dead_letters", "Logout deliveries that were given up.", by);
  for (const counter of [delivered, failed, dead]) counter(0);
  return (attempt) => {
    if (attempt.fault === undefined) return delivered();
    failed();
    if (attempt.state === "dead") dead();
    log.warn({ ...attempt }, "a client could not be told that a session ended");
  };
}
