import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { access, Caller, Target, type Access } from "#gen/koder/options/v1/access_pb.ts";
import { publicServices } from "../../services/gateway/public-services.ts";
import { createPerson, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// Every method of the contract, as it is served: a new one is attacked as soon as it is there.

/** A method that needs a right, and what its option says. */
interface Guarded {
  readonly name: string;
  readonly path: string;
  readonly rule: Access;
  /** The member of its request that names the person, where that may be the caller. */
  readonly ownMember: string | undefined;
}

const guarded: readonly Guarded[] = publicServices
  .flatMap(({ methods }) => methods)
  .filter(({ methodKind }) => methodKind === "unary")
  .map((method) => guardedMethod(method))
  .filter(({ rule: { callers } }) => callers.includes(Caller.USER) || callers.includes(Caller.CLIENT));

function guardedMethod(method: DescMethod): Guarded {
  const rule = getOption(method, access);
  const isOwn = rule.target === Target.SELF || rule.target === Target.SELF_OR_PERMISSION;
  const name = `${method.parent.typeName}/${method.name}`;
  return { name, path: `/${name}`, rule, ownMember: isOwn ? rule.resourceField : undefined };
}

let server: RunningServer;
let credentials: Record<"person" | "otherRight" | "tenantOwner" | "ownersToken" | "ownersSmallToken", string>;
let otherPerson: string;
beforeAll(async () => {
  server = await startServer();
  const [{ username }, other, owner, client] = [
    await createPerson(server),
    await createPerson(server),
    await createPerson(server),
    await registerClient(server, { scope: "openid tokens.write" }),
  ];
  await rest(server, "POST", "/v1/roles/owner/assignments", { user_id: owner.id });
  const parameters = { scope: "openid tokens.write" };
  const { accessToken: ownersToken } = await tokensFor(server, client, owner.username, { parameters });
  const small = await rest(server, "POST", "/v1/users/me/tokens", { scopes: ["openid"] }, ownersToken);
  const key = async (permission: string) =>
    String((await rest(server, "POST", "/v1/admin/api-keys", { permissions: [permission] })).json["api_key"]);
  otherPerson = other.id;
  credentials = {
    person: (await tokensFor(server, client, username, { parameters: { scope: "openid" } })).accessToken,
    ownersToken,
    ownersSmallToken: String(small.json["token"]),
    otherRight: await key("something.else"),
    tenantOwner: await key("*"),
  };
});
afterAll(() => server?.stop());

/** The code of Connect that a call is refused with; `ok` where it is not. */
async function codeOf(path: string, credential: string, message: object = {}): Promise<string> {
  const { status, json } = await rest(server, "POST", path, message, credential);
  return status === 200 ? "ok" : String(json["code"]);
}

describe("A14: no method does anything for whoever has not the right", () => {
  test("the walk sees the contract", () => {
    // Fewer would mean that the walk lost its way, and all would pass for nothing.
    expect(guarded.length).toBeGreaterThan(60);
    expect(guarded.filter(({ ownMember }) => ownMember !== undefined).length).toBeGreaterThan(8);
  });

  test.each(guarded)("$name", async ({ path, rule, ownMember }) => {
    expect(await codeOf(path, "")).toBe("unauthenticated");
    expect(await codeOf(path, "kak_nobody")).toBe("unauthenticated");
    expect(await codeOf(path, credentials.otherRight)).toBe("permission_denied");
    expect(await codeOf(path, credentials.person)).toBe("permission_denied");
    // Whoever may do everything does by a token what its scopes name: here nothing, or nothing but to make tokens.
    expect(await codeOf(path, credentials.ownersSmallToken)).toBe("permission_denied");
    if (rule.permission !== "tokens.write") {
      expect(await codeOf(path, credentials.ownersToken)).toBe("permission_denied");
    }
    if (ownMember !== undefined) {
      expect(await codeOf(path, credentials.person, { [ownMember]: otherPerson })).toBe("permission_denied");
      expect(await codeOf(path, credentials.tenantOwner, { [ownMember]: "me" })).toBe("permission_denied");
    }
    if (rule.target === Target.INSTANCE) {
      expect(await codeOf(path, credentials.tenantOwner)).toBe("permission_denied");
    }
  });
});
