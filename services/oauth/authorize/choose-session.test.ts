import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { SessionSchema } from "#gen/koder/session/v1/session_pb.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { chooseSession } from "./choose-session.ts";

const session = (userId: string) => ({
  session: create(SessionSchema, { id: `session of ${userId}`, userId }),
  sessionToken: "",
  signedInToClient: false,
});
const sessions = [session("jane"), session("joe")];
const dependencies = {
  peers: { client: () => expect.fail("no account is looked at") },
  subjects: {
    of: async (_call: unknown, { subjectType }: { subjectType: string }, userId: string) =>
      subjectType === "pairwise" ? `pairwise ${userId}` : userId,
  },
} as never;

test.each([
  ["public", "", "jane"],
  ["public", "joe", "joe"],
  ["public", "pairwise joe", "jane"],
  ["pairwise", "pairwise joe", "joe"],
  ["pairwise", "joe", "jane"],
  ["public", "somebody else", "jane"],
])("%s, and the client expects %j: the session of %s", async (subjectType, expectedSubject, userId) => {
  const authorization = create(AuthorizationSchema, { expectedSubject });
  const client = create(ClientSchema, { subjectType });
  const chosen = await chooseSession(dependencies, testCall(), client, sessions, authorization);
  expect([chosen.session?.userId, chosen.isNamed]).toEqual([userId, userId === "joe"]);
});
