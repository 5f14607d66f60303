import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { createRateLimits } from "./rate-limits.ts";

const minute = 60_000;
const limits = () => createRateLimits({ signIn: { quota: 2, window: minute }, requests: { quota: 5, window: minute } });
const from = (address: string, path = "/oauth/v2/token", method = "POST", now = 0) => ({ method, path, address, now });

test("says what is left in standard headers, and when to come back", () => {
  const check = limits();
  expect(check(from("192.0.2.1"))).toEqual({
    headers: { "ratelimit-policy": '"requests";q=5;w=60', ratelimit: '"requests";r=4;t=12' },
    refusal: undefined,
  });
  for (let i = 0; i < 4; i++) check(from("192.0.2.1"));
  const { headers, refusal } = check(from("192.0.2.1")) ?? {};
  expect(headers?.["ratelimit"]).toBe('"requests";r=0;t=60');
  expect(refusal?.code).toBe(Code.ResourceExhausted);
  expect(refusal?.metadata.get("retry-after")).toBe("12");
  expect(refusal && errorInfoOf(refusal)?.reason).toBe("RATE_LIMITED");
  expect(check(from("192.0.2.1", "/oauth/v2/token", "POST", 12_000))?.refusal).toBeUndefined();
});

test("an IPv6 subscriber is one, an IPv4 address in IPv6 form is itself", () => {
  const check = limits();
  for (let i = 0; i < 5; i++) check(from(`2001:db8:1:2::${i}`));
  expect(check(from("2001:db8:1:2:ffff::1"))?.refusal).toBeDefined();
  expect(check(from("2001:db8:1:3::1"))?.refusal).toBeUndefined();
  for (let i = 0; i < 5; i++) check(from("192.0.2.7"));
  expect(check(from("::ffff:192.0.2.7"))?.refusal).toBeDefined();
});

test.each(["/sign-in", "/reset", "/oauth/v2/register", "/device", "/v1/auth/recovery", "/koder.auth.v1.X/Y"])(
  "%s has the narrower limit, by itself",
  (path) => {
    const check = limits();
    expect([1, 2, 3].map(() => check(from("192.0.2.1", path))?.refusal === undefined)).toEqual([true, true, false]);
    expect(check(from("192.0.2.1", path, "GET"))?.refusal).toBeUndefined();
    expect(check(from("192.0.2.1"))?.refusal).toBeUndefined();
  },
);

test("the machine itself has none, nor has anybody where they are off", () => {
  const check = limits();
  for (let i = 0; i < 50; i++) {
    for (const address of ["127.0.0.1", "127.8.8.8", "::1"]) expect(check(from(address))).toBeUndefined();
  }
  expect(createRateLimits({ signIn: undefined, requests: undefined })(from("192.0.2.1"))).toBeUndefined();
});
