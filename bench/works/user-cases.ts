import { randomBytes, randomInt } from "node:crypto";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { GrpcClient } from "../grpc-client.ts";
import { commonPrefix, emailOf, usernameOf } from "../load/population.ts";
import type { Case } from "../measure.ts";

/** The works on users, by gRPC on the identity service's own port. */
export type UserWorkName =
  | "CreateUser"
  | "GetUser"
  | "ListUsers, first page"
  | "ListUsers, by prefix"
  | "ListUsers, by e-mail";

/** Different users of a store that are asked for: more than the store's own memory holds the pages of. */
const mostAsked = 4_000;

/** The works on the users that the loader made, numbers 1 to `users`. */
export function userCases(client: GrpcClient, users: number): Readonly<Record<UserWorkName, Case>> {
  const ids: string[] = [];
  let turn = 0;
  const next = (): number => (turn += 1);
  /** Numbers all over the range, none near the one before: the golden section. */
  const spread = (n: number): number => 1 + Math.floor(((n * 0.618_033_988_749_895) % 1) * users);
  const { createUser, listUsers, getUser } = UserService.method;

  return {
    CreateUser: {
      request: async () => {
        // Anywhere in the indexes, as people's names are.
        const username = `${String.fromCodePoint(97 + randomInt(26))}${randomBytes(8).toString("hex")}`;
        const { user } = await client.call(createUser, { user: { username, email: `${username}@bench.example` } });
        if (user?.username !== username) throw new Error("CreateUser answered somebody else");
      },
    },
    GetUser: {
      async prepare() {
        while (ids.length < Math.min(users, mostAsked)) {
          const username = usernameOf(users <= mostAsked ? ids.length + 1 : spread(ids.length));
          const answer = await client.call(listUsers, { username });
          ids.push(answer.users[0]?.id ?? "");
        }
      },
      async request() {
        const userId = ids[next() % ids.length] ?? "";
        const { user } = await client.call(getUser, { userId });
        if (user?.id !== userId) throw new Error("GetUser answered somebody else");
      },
    },
    "ListUsers, first page": {
      request: async () => expectUsers(50, await client.call(listUsers, { pageSize: 50 })),
    },
    "ListUsers, by prefix": {
      request: async () => {
        expectUsers(10, await client.call(listUsers, { usernamePrefix: commonPrefix, pageSize: 10 }));
      },
    },
    "ListUsers, by e-mail": {
      request: async () => expectUsers(1, await client.call(listUsers, { email: emailOf(spread(next())) })),
    },
  };
}

/** GetUser of a user that is there whatever was loaded. */
export function ownUserCase(client: GrpcClient): Case {
  const { listUsers, getUser } = UserService.method;
  let userId = "";
  return {
    async prepare() {
      if (userId === "") userId = (await client.call(listUsers, { pageSize: 1 })).users[0]?.id ?? "";
    },
    async request() {
      const { user } = await client.call(getUser, { userId });
      if (user?.id !== userId) throw new Error("GetUser answered somebody else");
    },
  };
}

function expectUsers(count: number, { users }: { readonly users: readonly unknown[] }): void {
  if (users.length !== count) throw new Error(`ListUsers answered ${users.length} users, not ${count}`);
}
