import { expect, test } from "vitest";
import { cookieNames, readCookie, writeCookie } from "./cookies.ts";

test("a cookie is read by its whole name, once, in our own form", () => {
  const token = "ksn_abc-DEF_123";
  expect(readCookie(`a=b; koder_session=${token}; c=d`, "koder_session")).toBe(token);
  for (const header of [
    undefined,
    "",
    "xkoder_session=1",
    `koder_session=${token}; koder_session=planted`,
    'koder_session="quoted"',
    "koder_session=a b",
    `koder_session=${"a".repeat(129)}`,
    "koder_session",
  ]) {
    expect(readCookie(header, "koder_session"), header).toBe("");
  }
});

test("K11: over TLS cookies are Secure and bound to the host; always HttpOnly and Lax", () => {
  expect(cookieNames(true)).toEqual({ browser: "__Host-koder_browser", session: "__Host-koder_session" });
  expect(writeCookie("__Host-koder_session", "t", true)).toBe(
    "__Host-koder_session=t; Path=/; HttpOnly; SameSite=Lax; Secure",
  );
  expect(writeCookie("koder_browser", "t", false, 60)).toBe(
    "koder_browser=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60",
  );
});
