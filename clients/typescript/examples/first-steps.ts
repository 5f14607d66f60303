/**
 * Creates a user and a client, signs in as that client, pages through the users, and handles errors by their reason:
 *
 * ```sh
 * KODER_ID_URL=http://localhost:8080 KODER_ID_API_KEY=$(cat data/admin-api-key) node examples/first-steps.ts
 * ```
 */
import { randomBytes } from "node:crypto";
import {
  clientCredentials,
  createKoderId,
  errorId,
  errorMetadata,
  pages,
  reason,
  requestId,
  staticToken,
  violations,
  type KoderId,
} from "@koder-id/client";

const url = process.env["KODER_ID_URL"] ?? "http://localhost:8080";
const apiKey = process.env["KODER_ID_API_KEY"]?.trim() ?? "";

async function firstSteps(): Promise<void> {
  if (apiKey === "") throw new Error("set KODER_ID_API_KEY to the key in data/admin-api-key");
  const admin = createKoderId(url, { tokenSource: staticToken(apiKey) });

  // Create a user. The client makes the request id, so that a repeat after a broken connection creates no second one.
  const username = `ada-${randomBytes(6).toString("hex")}`;
  const user = await createUser(admin, username);
  console.log(`created user ${username} with the id ${user.id}`);

  // A typed error, handled by its reason: the name is taken now.
  try {
    await createUser(admin, username);
    throw new Error("the same username was given twice");
  } catch (error) {
    if (reason(error) !== "USERNAME_TAKEN") throw error;
    console.log(`the username ${username} is taken`);
  }

  // Create a client that acts for itself. Its secret is in this answer and nowhere else.
  const { client } = await admin.clients.createClient({
    client: { clientName: "First steps", grantTypes: ["client_credentials"], scope: "users.read" },
  });
  if (client === undefined) throw new Error("the answer has no client");
  console.log(`created client ${client.clientId}`);

  // Sign in as that client.
  const credentials = clientCredentials({
    origin: url,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
  });
  await credentials.token(AbortSignal.timeout(10_000));
  console.log("signed in by client credentials");

  // Its token says who it is. It may do no more than it was allowed to; a new client was allowed nothing yet.
  const service = createKoderId(url, { tokenSource: credentials });
  try {
    await service.users.getUser({ userId: user.id });
    console.log("the client may read users");
  } catch (error) {
    if (reason(error) !== "PERMISSION_DENIED") throw error;
    console.log(`the client lacks the permission ${errorMetadata(error)["permission"]}`);
  }

  // Page through the users.
  let count = 0;
  for await (const one of pages(admin.users.listUsers, { pageSize: 2 }, (page) => page.users)) {
    count++;
    if (one.id === user.id) console.log(`found ${one.username} in the list`);
  }
  console.log(`listed ${count} users`);

  // An error about fields names each of them.
  try {
    await createUser(admin, "x");
    throw new Error("a username of one letter was allowed");
  } catch (error) {
    for (const { field, description } of violations(error)) console.log(`${reason(error)}: ${field} ${description}`);
  }
}

async function createUser(admin: KoderId, username: string) {
  const { user } = await admin.users.createUser({ user: { username, name: "Ada Lovelace" } });
  if (user === undefined) throw new Error("the answer has no user");
  return user;
}

try {
  await firstSteps();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const id = errorId(error);
  if (id !== undefined) console.error(`error id ${id}, request id ${requestId(error)}`);
  process.exitCode = 1;
}
