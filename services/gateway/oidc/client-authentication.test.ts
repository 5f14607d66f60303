import { describe, expect, test } from "vitest";
import { clientAuthentications, UnreadableCredential } from "./client-authentication.ts";
import { parseForm } from "./form.ts";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const found = (authorization: string | undefined, form = "") => clientAuthentications(authorization, parseForm(form));

describe("client authentication, as it was sent", () => {
  test("Basic is form-decoded after base64 (RFC 6749 §2.3.1)", () => {
    expect(found(basic("my%3Aapp:a%2Bb+c"))).toEqual([
      { method: "client_secret_basic", clientId: "my:app", clientSecret: "a+b c" },
    ]);
    expect(found(basic("app:a:b"))).toMatchObject([{ clientSecret: "a:b" }]);
  });
  test("in the body, by itself, or both: all of them are told", () => {
    expect(found(undefined, "client_id=a&client_secret=s")).toEqual([
      { method: "client_secret_post", clientId: "a", clientSecret: "s" },
    ]);
    expect(found(undefined, "client_id=a")).toEqual([{ method: "none", clientId: "a" }]);
    expect(found(basic("a:s"), "client_id=a&client_secret=s")).toHaveLength(2);
    expect(found(undefined)).toEqual([]);
    const assertion = { method: "private_key_jwt", clientAssertion: "a.b.c", clientAssertionType: "urn:x" };
    const sent = "client_assertion=a.b.c&client_assertion_type=urn:x";
    expect(found(undefined, sent)).toEqual([assertion]);
    expect(found(undefined, `${sent}&client_id=a`)).toEqual([assertion, { method: "none", clientId: "a" }]);
    expect(found(basic("a:s"), `${sent}&client_id=a&client_secret=s`)).toHaveLength(3);
    expect(found(undefined, "client_assertion_type=urn:x")).toHaveLength(1);
  });
  test.each([basic("no-colon"), basic("%zz:x"), "Bearer x", "Basic"])("%s authenticates nobody", (authorization) => {
    expect(() => found(authorization)).toThrow(UnreadableCredential);
  });
});
