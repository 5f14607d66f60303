import { expect, test } from "vitest";
import { remoteAddressReader } from "./remote-address.ts";

test("X-Forwarded-For is believed from trusted proxies only, from the right", () => {
  const read = remoteAddressReader(["10.0.0.0/8", "2001:db8::1"]);
  expect(read("192.0.2.1", "203.0.113.9")).toBe("192.0.2.1");
  expect(read("10.1.2.3", "203.0.113.9")).toBe("203.0.113.9");
  expect(read("::ffff:10.1.2.3", "203.0.113.9")).toBe("203.0.113.9");
  expect(read("10.1.2.3", "6.6.6.6, 203.0.113.9, 10.9.9.9")).toBe("203.0.113.9");
  expect(read("2001:db8::1", "2001:db8:1::5")).toBe("2001:db8:1::5");
  // Some proxies write the port beside it, and IPv6 in brackets.
  expect(read("10.1.2.3", "6.6.6.6, 203.0.113.9:4711")).toBe("203.0.113.9");
  expect(read("10.1.2.3", "[2001:db8:1::5]:4711")).toBe("2001:db8:1::5");
  expect(read("10.1.2.3", "[2001:db8:1::5], 10.9.9.9:80")).toBe("2001:db8:1::5");
  expect(read("10.1.2.3", "203.0.113.9:x")).toBe("10.1.2.3");
  expect(read("10.1.2.3", "[203.0.113.9")).toBe("10.1.2.3");
  expect(read("10.1.2.3", "not an address")).toBe("10.1.2.3");
  expect(read("10.1.2.3", undefined)).toBe("10.1.2.3");
  expect(remoteAddressReader([])("127.0.0.1", "203.0.113.9")).toBe("127.0.0.1");
});
