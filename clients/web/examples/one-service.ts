/** Reads the profile of the person who is signed in. It loads the users' service and no other. */
import { createClient, createTransport, UserService } from "@koder-id/web";

/** The name to greet somebody with; `accessToken` gives the token of their session with the page. */
export async function nameOfMe(origin: string, accessToken: () => Promise<string>): Promise<string> {
  const users = createClient(UserService, createTransport(origin, { tokenSource: accessToken }));
  const { user } = await users.getUser({ userId: "me" });
  return user?.name ?? "";
}
