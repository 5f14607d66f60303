import { expect, test } from "vitest";
import { placeOf } from "./place.ts";

test.each([
  ["192.0.2.77", "192.0.2.0/24"],
  ["::ffff:192.0.2.77", "192.0.2.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8:0::/48"],
  ["", ""],
  ["somebody", ""],
])("%j is at %j", (address, place) => {
  expect(placeOf(address)).toBe(place);
});
