/**
 * Creates a user and a client, pages through the users, and handles errors by their reason, in a page. The tokens come from the
 * page's own server, which knows the secrets: an administrator's, who signed in there, and that of a client which the server
 * signs in by client credentials. `index.html` beside it starts it.
 */
import {
  createKoderId,
  errorId,
  errorMetadata,
  pages,
  reason,
  requestId,
  violations,
  type KoderId,
} from "@koder-id/web";

/** A token source: asks the page's server for a token of one kind, and keeps none. */
const tokenFor = (kind: "administrator" | "service") => async (signal: AbortSignal) => {
  const answer = await fetch(`/token/${kind}`, { method: "POST", signal });
  if (!answer.ok) throw new Error(`the page's server gave no token for the ${kind}`);
  return answer.text();
};

async function firstSteps(print: (line: string) => void): Promise<void> {
  const admin = createKoderId(location.origin, { tokenSource: tokenFor("administrator") });

  // Create a user. The client makes the request id, so that a repeat after a broken connection creates no second one.
  const username = `ada-${crypto.getRandomValues(new Uint32Array(1)).join("")}`;
  const user = await createUser(admin, username);
  print(`created user ${username} with the id ${user.id}`);

  // A typed error, handled by its reason: the name is taken now.
  try {
    await createUser(admin, username);
    throw new Error("the same username was given twice");
  } catch (error) {
    if (reason(error) !== "USERNAME_TAKEN") throw error;
    print(`the username ${username} is taken`);
  }

  // Create a client that acts for itself.
  const { client } = await admin.clients.createClient({
    client: { clientName: "First steps", grantTypes: ["client_credentials"], scope: "users.read" },
  });
  print(`created client ${client?.clientId}`);

  // Have the page's server sign in by client credentials: the secret of a client is nothing for a browser.
  const serviceToken = tokenFor("service");
  await serviceToken(AbortSignal.timeout(10_000));
  print("signed in by client credentials");

  // Its token says which client it is. It may do no more than it was allowed to; a new client was allowed nothing yet.
  const service = createKoderId(location.origin, { tokenSource: serviceToken });
  try {
    await service.users.getUser({ userId: user.id });
    print("the client may read users");
  } catch (error) {
    if (reason(error) !== "PERMISSION_DENIED") throw error;
    print(`the client lacks the permission ${errorMetadata(error)["permission"]}`);
  }

  // Page through the users.
  let count = 0;
  for await (const one of pages(admin.users.listUsers, { pageSize: 2 }, (page) => page.users)) {
    count++;
    if (one.id === user.id) print(`found ${one.username} in the list`);
  }
  print(`listed ${count} users`);

  // An error about fields names each of them.
  try {
    await createUser(admin, "x");
    throw new Error("a username of one letter was allowed");
  } catch (error) {
    for (const { field, description } of violations(error)) print(`${reason(error)}: ${field} ${description}`);
  }
}

async function createUser(admin: KoderId, username: string) {
  const { user } = await admin.users.createUser({ user: { username, name: "Ada Lovelace" } });
  if (user === undefined) throw new Error("the answer has no user");
  return user;
}

const print = (line: string) => {
  const item = document.createElement("li");
  item.textContent = line;
  document.querySelector("#steps")?.append(item);
};

try {
  await firstSteps(print);
  print("done");
} catch (error) {
  print(`failed: ${error instanceof Error ? error.message : String(error)}`);
  const id = errorId(error);
  if (id !== undefined) print(`error id ${id}, request id ${requestId(error)}`);
}
