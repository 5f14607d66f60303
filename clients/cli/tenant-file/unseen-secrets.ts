import type { JsonObject } from "@bufbuild/protobuf";
import type { Plan } from "./plan.ts";
import { text } from "./sections.ts";
import { usualClient } from "./usual-values.ts";

/** Methods of client authentication that need a secret. */
const withSecret: readonly string[] = ["client_secret_basic", "client_secret_post"];

const usesSecret = (client: JsonObject): boolean =>
  withSecret.includes(text({ ...usualClient(client), ...client }, "token_endpoint_auth_method"));

/**
 * The clients to which a plan gives a secret that nobody sees: the server makes one where the file names none, and a file's own is for
 * a client that it creates. Nothing shows a secret, because what an apply prints is kept by whatever runs it.
 */
export const unseenSecrets = ({ lists }: Pick<Plan, "lists">): readonly string[] =>
  lists.flatMap((change) => {
    if (change.key !== "clients" || change.action === "delete") return [];
    const isUnseen =
      change.action === "create"
        ? change.declared.secret === undefined && usesSecret(change.declared.json)
        : usesSecret(change.json) && !usesSecret(change.existing.json);
    return isUnseen ? [change.name] : [];
  });

/** What is said of them, in one sentence. */
export const unseenText = (names: readonly string[]): string =>
  `The server makes a secret that nobody sees for: ${names.join(", ")}. Name a client_secret where a client is created, ` +
  "or make another one, which is shown once: POST /v1/clients/{client_id}/secrets\n";
