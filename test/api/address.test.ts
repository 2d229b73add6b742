import { expect, test } from "vitest";
import { addressOf } from "../../src/api/address.ts";

test.each([
  ["203.0.113.7", "203.0.113.7"],
  [" 203.0.113.7 , 10.0.0.1", "203.0.113.7"],
  ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("%s is %s", (text, address) => {
  expect(addressOf(text)).toBe(address);
});

test.each([null, "", " ", "unknown", "1.2.3", "x".repeat(5_000), "12345:::", "1.2.3.4:80", "'; drop"])(
  "%s is no address",
  (text) => {
    expect(addressOf(text)).toBeNull();
  },
);
