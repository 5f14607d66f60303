import { sign, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createServiceTokenIssuer,
  createServiceTokenVerifier,
  generateServiceKey,
  type ServiceCallBinding,
} from "./service-token.ts";

const method = "koder.session.v1.GrantService/RedeemCode";
const binding: ServiceCallBinding = { audience: "session", method, tenantId: "acme" };
const oauth = generateServiceKey();
const gateway = generateServiceKey();
const keys = new Map([
  ["oauth", [oauth.publicKey]],
  ["gateway", [gateway.publicKey]],
]);
const start = 1_800_000_000;

function setUp() {
  let now = start * 1000;
  const clock = () => now;
  return {
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
    token: createServiceTokenIssuer({ service: "oauth", privateKey: oauth.privateKey, clock }),
    verify: createServiceTokenVerifier({ keys, audience: "session", clock }),
  };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const header = { alg: "EdDSA", typ: "koder-service+jwt" };
const claims = { iss: "oauth", aud: "session", method, tenant: "acme", iat: start, exp: start + 60 };

function forge(changes: object = {}, headerChanges: object = {}, key: KeyObject = oauth.privateKey): string {
  const input = `${encode({ ...header, ...headerChanges })}.${encode({ ...claims, ...changes })}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString("base64url")}`;
}

test("the forgery of these tests is good where nothing is changed", () => {
  expect(setUp().verify(forge(), method)).toMatchObject({ service: "oauth", tenantId: "acme" });
});

describe("a service token", () => {
  test("says who calls and for which tenant, as often as it comes", () => {
    const { token, verify } = setUp();
    for (let time = 0; time < 3; time++) {
      expect(verify(token(binding), method)).toMatchObject({ service: "oauth", tenantId: "acme" });
    }
  });

  test("is made anew where the clock was ahead and was set right: others take none of later", () => {
    const { token, advance } = setUp();
    advance(3_600);
    token(binding);
    advance(-3_600);
    expect(setUp().verify(token(binding), method)).toMatchObject({ service: "oauth" });
  });

  test("is used again for 30 seconds, then made anew, and is always good when it is sent", () => {
    const { token, verify, advance } = setUp();
    const first = token(binding);
    advance(29);
    expect(token(binding)).toBe(first);
    advance(1);
    expect(token(binding)).not.toBe(first);
    for (let second = 0; second < 200; second++) {
      advance(1);
      expect(verify(token(binding), method), `after ${second} s`).toBeDefined();
    }
  });

  test("is over after 60 seconds, also where it was remembered", () => {
    const { token, verify, advance } = setUp();
    const sent = token(binding);
    expect(verify(sent, method)).toBeDefined();
    advance(59);
    expect(verify(sent, method)).toBeDefined();
    advance(1);
    expect(verify(sent, method)).toBeUndefined();
    expect(verify(sent, method)).toBeUndefined();
  });

  test("is another one for another audience, method or tenant", () => {
    const { token } = setUp();
    const others = [
      { audience: "identity" },
      { method: "koder.session.v1.GrantService/IssueCode" },
      { tenantId: "other" },
    ];
    const tokens = [binding, ...others.map((other) => ({ ...binding, ...other }))].map((one) => token(one));
    expect(new Set(tokens).size).toBe(4);
  });

  test("of any binding is good for that one and for no other", () => {
    const bindings = fc.record({
      audience: fc.constantFrom("session", "identity"),
      method: fc.constantFrom(method, "koder.session.v1.GrantService/IssueCode"),
      tenantId: fc.constantFrom("acme", "other"),
    });
    const { token, verify } = setUp();
    fc.assert(
      fc.property(bindings, fc.constantFrom(method, "koder.session.v1.GrantService/IssueCode"), (asked, called) => {
        const verified = verify(token(asked), called);
        if (asked.audience === "session" && asked.method === called) {
          expect(verified).toMatchObject({ service: "oauth", tenantId: asked.tenantId });
        } else {
          expect(verified).toBeUndefined();
        }
      }),
    );
  });

  test("goes on among more bindings than are remembered", () => {
    const { token, verify } = setUp();
    for (let n = 0; n < 10_050; n++) token({ ...binding, tenantId: `t${n}` });
    expect(verify(token(binding), method)).toMatchObject({ tenantId: "acme" });
    expect(verify(token({ ...binding, tenantId: "t0" }), method)).toMatchObject({ tenantId: "t0" });
  });
});

describe("what is refused", () => {
  const isAccepted = (token: string, called = method): boolean => {
    const [fresh, { token: issue, verify }] = [setUp(), setUp()];
    // A good token that was seen first must not help.
    verify(issue(binding), method);
    return fresh.verify(token, called) !== undefined || verify(token, called) !== undefined;
  };

  test("another service's name over one's own key, and a service that is not there", () => {
    expect(isAccepted(forge({ iss: "gateway" }))).toBe(false);
    expect(isAccepted(forge({}, {}, gateway.privateKey))).toBe(false);
    expect(isAccepted(forge({}, {}, generateServiceKey().privateKey))).toBe(false);
    for (const iss of ["", "nobody", "__proto__", undefined, null, ["oauth"]])
      expect(isAccepted(forge({ iss }))).toBe(false);
  });

  test("another audience or method", () => {
    for (const aud of ["identity", "", undefined, ["session"], "session "])
      expect(isAccepted(forge({ aud }))).toBe(false);
    for (const other of ["koder.session.v1.GrantService/IssueCode", "", undefined, [method], `${method} `]) {
      expect(isAccepted(forge({ method: other }))).toBe(false);
    }
    expect(isAccepted(forge(), "koder.session.v1.GrantService/IssueCode")).toBe(false);
  });

  test("a tenant that is none", () => {
    for (const tenant of [undefined, null, 1, ["acme"]]) expect(isAccepted(forge({ tenant }))).toBe(false);
  });

  test("times: over, too long, ahead by more than 5 seconds, or not numbers", () => {
    expect(isAccepted(forge({ iat: start - 60, exp: start }))).toBe(false);
    expect(isAccepted(forge({ exp: start + 61 }))).toBe(false);
    expect(isAccepted(forge({ iat: start + 6, exp: start + 66 }))).toBe(false);
    expect(isAccepted(forge({ iat: -1e15, exp: 1e15 }))).toBe(false);
    for (const value of [undefined, null, String(start), [], {}]) {
      expect(isAccepted(forge({ iat: value }))).toBe(false);
      expect(isAccepted(forge({ exp: value }))).toBe(false);
    }
    for (const [iat, exp] of [
      ["1e999", "1e999"],
      ["-1e999", "1e999"],
      [String(start), "1e999"],
      ["-1e999", String(start + 60)],
    ]) {
      const body = JSON.stringify({ ...claims, iat: 0, exp: 0 })
        .replace('"iat":0', `"iat":${iat}`)
        .replace('"exp":0', `"exp":${exp}`);
      const input = `${encode(header)}.${Buffer.from(body).toString("base64url")}`;
      expect(isAccepted(`${input}.${sign(null, Buffer.from(input), oauth.privateKey).toString("base64url")}`)).toBe(
        false,
      );
    }
    expect(setUp().verify(forge({ iat: start + 5, exp: start + 65 }), method)).toBeDefined();
  });

  test("any other header, though the service's own key signed it", () => {
    expect(isAccepted(forge({}, { alg: "none" }))).toBe(false);
    expect(isAccepted(forge({}, { alg: "HS256" }))).toBe(false);
    expect(isAccepted(forge({}, { typ: "at+jwt" }))).toBe(false);
    expect(isAccepted(forge({}, { kid: "x" }))).toBe(false);
    expect(isAccepted(forge({}, { jwk: oauth.publicKey.export({ format: "jwk" }) }))).toBe(false);
    expect(isAccepted(forge({}, { crit: ["exp"] }))).toBe(false);
  });

  test("any change, and any other spelling", () => {
    const token = forge();
    const [head = "", body = "", tail = ""] = token.split(".");
    const widened = (text: string) => String.fromCharCode(...Array.from(text, (char) => char.charCodeAt(0) + 0x100));
    for (const spelled of [
      `${head}.${widened(body)}.${tail}`,
      `${head}.${body}.${widened(tail)}`,
      `${token}=`,
      `${token} `,
      ` ${token}`,
      `${token}.`,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}..${tail}`,
      `${token}${"A".repeat(5_000)}`,
      "",
    ]) {
      expect(isAccepted(spelled)).toBe(false);
    }
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...Array.from(".-_AZaz09= é")), (at, char) => {
        fc.pre(token[at] !== char);
        expect(isAccepted(token.slice(0, at) + char + token.slice(at + 1))).toBe(false);
      }),
    );
  });

  test("whatever is no token", () => {
    const { verify } = setUp();
    fc.assert(
      fc.property(fc.string(), fc.string(), (body, tail) => {
        expect(verify(`${encode(header)}.${body}.${tail}`, method)).toBeUndefined();
        expect(verify(body, method)).toBeUndefined();
      }),
    );
    for (const body of ["null", "[]", '""', "1", "{}"])
      expect(isAccepted(`${encode(header)}.${Buffer.from(body).toString("base64url")}.AA`)).toBe(false);
  });
});
