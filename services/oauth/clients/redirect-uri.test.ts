import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRegisteredRedirectUri, redirectUriFault } from "./redirect-uri.ts";

describe("what can be registered", () => {
  test.each([
    ["https://app.example.com/cb", "web"],
    ["https://app.example.com:8443/cb?tenant=a&b=c", "web"],
    ["https://app.example.com", "web"],
    ["http://localhost:3000/cb", "web"],
    ["http://127.0.0.1/cb", "native"],
    ["http://[::1]:9/cb", "native"],
    ["http://app.localhost:3000/cb", "web"],
    ["com.example.app:/oauth2redirect", "native"],
    ["com.example.app://cb", "native"],
  ])("%s for a %s client", (uri, type) => expect(redirectUriFault(uri, type)).toBeUndefined());

  test.each([
    ["", "ASCII"],
    ["/cb", "absolute"],
    ["//evil.example/cb", "absolute"],
    ["https://", "absolute"],
    ["https:///cb", "host"],
    ["https://app.example.com/cb#", "fragment"],
    ["https://app.example.com/cb#x", "fragment"],
    ["https://*.example.com/cb", "wildcard"],
    ["https://user@app.example.com/cb", "user info"],
    ["https://app.example.com@evil.example/cb", "user info"],
    ["https://app.example.com\\@evil.example/cb", "backslash"],
    ["https://app.example.com/a/../cb", "dot segments"],
    ["https://app.example.com/a/%2e%2E/cb", "dot segments"],
    ["https://app.example.com/..", "dot segments"],
    ["https://app.example.com/c b", "ASCII"],
    ["https://app.example.com/\tcb", "ASCII"],
    ["https://äpp.example.com/cb", "ASCII"],
    ["http://app.example.com/cb", "https"],
    ["http://127.0.0.1.evil.example/cb", "https"],
    ["http://localhost.evil.example/cb", "https"],
    ["HTTPS://app.example.com/cb", "lower case"],
    ["javascript:alert(1)", "javascript"],
    ["data:text/html,x", "data"],
    ["vbscript:x", "vbscript"],
    ["file:///etc/passwd", "file"],
    ["blob:https://a/b", "blob"],
    ["myapp:/cb", "native"],
  ])("%s is refused: %s", (uri, why) => {
    expect(redirectUriFault(uri, "web")).toContain(why);
  });

  test("a private-use scheme needs a dot, also for native clients", () => {
    expect(redirectUriFault("myapp:/cb", "native")).toContain("dot");
    expect(redirectUriFault("javascript.:alert(1)", "web")).toBeDefined();
  });
});

describe("A1: what a request may name", () => {
  const web = { redirectUris: ["https://app.example.com/cb?x=1"], applicationType: "web" };
  const native = {
    redirectUris: ["http://127.0.0.1/cb", "http://localhost:1234/cb?a=b", "com.example.app:/cb"],
    applicationType: "native",
  };

  test("the registered string, and nothing that only looks like it", () => {
    expect(isRegisteredRedirectUri(web, "https://app.example.com/cb?x=1")).toBe(true);
    for (const uri of [
      "https://app.example.com/cb",
      "https://app.example.com/cb?x=1&y=2",
      "https://app.example.com/cb?x=1#",
      "https://app.example.com:443/cb?x=1",
      "https://APP.example.com/cb?x=1",
      "https://app.example.com/CB?x=1",
      "https://app.example.com/cb/?x=1",
      "https://app.example.com//cb?x=1",
      "https://app.example.com/./cb?x=1",
      "https://app.example.com/%63b?x=1",
      "https://user@app.example.com/cb?x=1",
      "https://appXexample.com/cb?x=1",
      "https://app.example.com.evil.example/cb?x=1",
      " https://app.example.com/cb?x=1",
    ]) {
      expect(isRegisteredRedirectUri(web, uri), uri).toBe(false);
    }
  });

  test("a native client's loopback port is free, and only the port (RFC 8252 §7.3)", () => {
    for (const uri of ["http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "http://localhost:9/cb?a=b"]) {
      expect(isRegisteredRedirectUri(native, uri), uri).toBe(true);
    }
    for (const uri of [
      "http://127.0.0.1:51004/cb2",
      "http://127.0.0.1:99999/cb",
      "http://127.0.0.1:1@evil.example/cb",
      "http://127.0.0.1:/cb",
      "http://127.0.0.2:51004/cb",
      "http://localhost:51004/cb",
      "https://127.0.0.1:51004/cb",
      "http://127.0.0.1:51004/cb#x",
      "com.example.app:/cb2",
    ]) {
      expect(isRegisteredRedirectUri(native, uri), uri).toBe(false);
    }
    expect(isRegisteredRedirectUri({ ...native, applicationType: "web" }, "http://127.0.0.1:51004/cb")).toBe(false);
  });

  test("no other string is ever a registered one", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string(), (url, tail) => {
        for (const uri of [url, url + tail, web.redirectUris[0] + tail]) {
          expect(isRegisteredRedirectUri(web, uri)).toBe(uri === web.redirectUris[0]);
        }
      }),
    );
  });
});
