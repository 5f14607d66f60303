import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createContextValues, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { GetUserResponseSchema, UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";
import { errorInfoOf } from "../interceptors/error-mapping.ts";
import { outboundKey } from "../call.ts";
import { createLocalTransport } from "./local-transport.ts";

type Methods = Readonly<Record<string, unknown>>;

const transportTo = (methods: Methods, interceptors: readonly Interceptor[] = [], freeze = true) =>
  createLocalTransport(
    { name: "identity", implementations: [{ service: UserService, methods }] },
    { interceptors, freeze },
  );
const clientOf = (methods: Methods, interceptors: readonly Interceptor[] = [], freeze = true) =>
  createClient(UserService, transportTo(methods, interceptors, freeze));

describe("the local transport", () => {
  test("hands over the message itself, and makes one of what was written short", async () => {
    const answer = create(GetUserResponseSchema, { user: { username: "ada" } });
    const client = clientOf({ getUser: () => answer, listUsers: () => ({ users: [{ username: "ada" }] }) });
    expect(await client.getUser({ userId: "me" })).toBe(answer);
    expect((await client.listUsers({})).users[0]?.$typeName).toBe("koder.identity.v1.User");
  });

  test("runs every interceptor around every call, the first outermost, and none before it is asked", async () => {
    const ran: string[] = [];
    const noting =
      (name: string): Interceptor =>
      (next) =>
      (request) => {
        ran.push(name);
        return next(request);
      };
    const client = clientOf({ getUser: () => (ran.push("handler"), {}) }, [noting("first"), noting("second")]);
    expect(ran).toEqual([]);
    await client.getUser({});
    expect(ran).toEqual(["first", "second", "handler"]);
  });

  test("freezes what crosses, in both directions, to its depth", async () => {
    const changing = clientOf({
      getUser(request: { userId: string }) {
        request.userId = "another";
        return {};
      },
    });
    await expect(changing.getUser({ userId: "me" })).rejects.toThrow(/read only/);
    const { user } = await clientOf({ getUser: () => ({ user: { username: "ada" } }) }).getUser({});
    expect(() => Object.assign(user ?? {}, { username: "eve" })).toThrow(/read only/);
    const { users } = await clientOf({ listUsers: () => ({ users: [{ username: "ada" }] }) }).listUsers({});
    expect(() => users.push(...users)).toThrow(/not extensible/);
    const open = await clientOf({ getUser: () => ({ user: {} }) }, [], false).getUser({});
    expect(Object.isFrozen(open)).toBe(false);
  });

  test("gives the handler nothing of the caller's context, and the caller what the handler set on the answer", async () => {
    let seen: unknown = "not called";
    const client = clientOf({
      getUser(_request: unknown, context: { values: { get(key: unknown): unknown }; responseHeader: Headers }) {
        seen = context.values.get(outboundKey);
        context.responseHeader.set("x-told", "yes");
        return {};
      },
    });
    const outbound = { requestId: "r", tenantId: "t1", actor: { id: "a", type: 1 }, deadline: 1 };
    let told: string | null = null;
    await client.getUser(
      {},
      {
        contextValues: createContextValues().set(outboundKey, outbound),
        onHeader: (header) => void (told = header.get("x-told")),
      },
    );
    expect([seen, told]).toEqual([undefined, "yes"]);
  });

  test("lets an error's reason, violations and headers through, as the wire would", async () => {
    const violations = [{ field: "user.username", description: "is too long" }];
    const client = clientOf({
      getUser() {
        throw failure(ErrorReason.INVALID_REQUEST, "user.username: is too long", { violations, retryAfter: 3 });
      },
    });
    const error = ConnectError.from(await client.getUser({}).catch((caught: unknown) => caught));
    expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, "user.username: is too long"]);
    expect(errorInfoOf(error)?.reason).toBe("INVALID_REQUEST");
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject(violations);
    expect(error.metadata.get("retry-after")).toBe("3");
  });

  test("answers for a method that nobody implements", async () => {
    await expect(clientOf({}).getUser({})).rejects.toMatchObject({ code: Code.Unimplemented });
  });
});
