import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, test } from "vitest";
import { access, Caller, Target, type Access } from "#gen/koder/options/v1/access_pb.ts";
import { publicServices } from "../../../services/gateway/public-services.ts";
import { walk } from "../../support/interaction-pages.ts";
import { createPerson, registerClient, rest, tokensFor, type Instance } from "../../support/relying-party.ts";

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

type Credentials = Record<
  "person" | "personInAnApp" | "keyReader" | "brandReader" | "tenantOwner" | "ownersToken" | "ownersSmallToken",
  string
>;

/** Whom the methods are called as, and somebody whom it may be about. */
async function castFor(server: Instance): Promise<{ readonly credentials: Credentials; readonly otherPerson: string }> {
  const scope = "openid tokens.write account.write";
  const key = async (permission: string) =>
    String((await rest(server, "POST", "/v1/admin/api-keys", { permissions: [permission] })).json["api_key"]);
  const [{ username }, other, owner, client, keyReader, brandReader, tenantOwner] = await Promise.all([
    createPerson(server),
    createPerson(server),
    createPerson(server),
    registerClient(server, { scope }),
    key("keys.read"),
    key("branding.read"),
    key("*"),
  ]);
  await rest(server, "POST", "/v1/roles/owner/assignments", { user_id: owner.id });
  const [{ accessToken: ownersToken }, { accessToken: person }] = await Promise.all([
    tokensFor(server, client, owner.username, { parameters: { scope } }),
    tokensFor(server, client, username, { parameters: { scope: "openid" } }),
  ]);
  const small = await rest(server, "POST", "/v1/users/me/tokens", { scopes: ["openid"] }, ownersToken);
  const ownersSmallToken = String(small.json["token"]);
  const personInAnApp = await tokenOfAnotherHouse(server, username);
  return {
    credentials: { person, personInAnApp, ownersToken, ownersSmallToken, keyReader, brandReader, tenantOwner },
    otherPerson: other.id,
  };
}

/** What an application of somebody else is given, once the person let it know who they are. */
async function tokenOfAnotherHouse(server: Instance, username: string): Promise<string> {
  const scope = "openid";
  const way = await walk(server, await registerClient(server, { first_party: false, scope }), { scope });
  await way.signIn(username);
  await way.send({ action: "allow" });
  return String((await way.redeem())["access_token"]);
}

/** A call with a credential, and the code of Connect that it is to be refused with. */
type Attempt = readonly [credential: string, code: string, message?: object];

/**
 * Every method of the contract, as a server serves it, by credentials that have not the right: a new one is attacked as soon as it
 * is there.
 */
export function everyMethodSuite(serverOf: () => Instance): void {
  let made: Awaited<ReturnType<typeof castFor>>;
  beforeAll(async () => {
    made = await castFor(serverOf());
  });

  describe("A14: no method does anything for whoever has not the right", () => {
    test("the walk sees the contract", () => {
      // Fewer would mean that the walk lost its way, and all would pass for nothing.
      expect(guarded.length).toBeGreaterThan(60);
      expect(guarded.filter(({ ownMember }) => ownMember !== undefined).length).toBeGreaterThan(8);
    });

    test.each(guarded)("$name", async ({ path, rule, ownMember }) => {
      const { credentials, otherPerson } = made;
      const attempts: readonly Attempt[] = [
        ["", "unauthenticated"],
        ["kak_nobody", "unauthenticated"],
        [rule.permission === "keys.read" ? credentials.brandReader : credentials.keyReader, "permission_denied"],
        [credentials.person, "permission_denied"],
        // Whoever may do everything does by a token what its scopes name: here nothing, or nothing but to make tokens.
        [credentials.ownersSmallToken, "permission_denied"],
        ...(rule.permission === "tokens.write" ? [] : [[credentials.ownersToken, "permission_denied"] as const]),
        ...(ownMember === undefined
          ? []
          : [
              [credentials.person, "permission_denied", { [ownMember]: otherPerson }] as const,
              [credentials.tenantOwner, "permission_denied", { [ownMember]: "me" }] as const,
              // Who only lets an application know who they are has not given it their account.
              [credentials.personInAnApp, "permission_denied", { [ownMember]: "me" }] as const,
            ]),
        ...(rule.target === Target.INSTANCE ? [[credentials.tenantOwner, "permission_denied"] as const] : []),
      ];
      const answered = attempts.map(async ([credential, , message = {}]): Promise<string> => {
        const { status, json } = await rest(serverOf(), "POST", path, message, credential);
        return status === 200 ? "ok" : String(json["code"]);
      });
      expect(await Promise.all(answered)).toEqual(attempts.map(([, code]) => code));
    });
  });
}
