import { expect, test } from "vitest";
import { cookieNames, readBrowserToken, readSessionToken, writeCookie } from "./cookies.ts";

const names = cookieNames(false);

test("a cookie is read by its whole name, once, in our own form", () => {
  const token = "ksn_abc-DEF_123";
  for (const held of [token, `${token}.${token}`]) {
    expect(readSessionToken(`a=b; koder_session=${held}; c=d`, names)).toBe(held);
  }
  for (const header of [
    undefined,
    "",
    "xkoder_session=1",
    `koder_session=${token}; koder_session=planted`,
    'koder_session="quoted"',
    "koder_session=a b",
    `koder_session=${"a".repeat(257)}`,
    "koder_session",
  ]) {
    expect(readSessionToken(header, names), header).toBe("");
  }
});

test("a browser's own token is one, of the length that we give it", () => {
  const token = "abcdefghijklmnopqrstuv";
  expect(readBrowserToken(`koder_browser=${token}`, names)).toBe(token);
  for (const other of ["short", `${token}.${token}`, "a".repeat(129)]) {
    expect(readBrowserToken(`koder_browser=${other}`, names), other).toBe("");
  }
});

test("over TLS cookies are Secure and bound to the host; always HttpOnly and Lax", () => {
  expect(cookieNames(true)).toEqual({ browser: "__Host-koder_browser", session: "__Host-koder_session" });
  expect(writeCookie("__Host-koder_session", "t", true)).toBe(
    "__Host-koder_session=t; Path=/; HttpOnly; SameSite=Lax; Secure",
  );
  expect(writeCookie("koder_browser", "t", false, 60)).toBe(
    "koder_browser=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60",
  );
});
