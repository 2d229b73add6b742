import { expect, test } from "vitest";
import { placeOfHost, type UrlPlace } from "../../src/core/url-place.ts";

const PLACES: readonly [UrlPlace, readonly string[]][] = [
  [
    "outside",
    [
      "api.machines.dev",
      "8.8.8.8",
      "172.32.0.1",
      "100.128.0.1",
      "[2a09:8280:1::a]",
      "a.b.upstash.io.",
      "11.0.0.1",
      "localhost.example.com",
    ],
  ],
  [
    "loopback",
    [
      "localhost",
      "LOCALHOST",
      "localhost.",
      "localhost..",
      "127.0.0.1..",
      "127.0.0.1.",
      "①②⑦.⓪.⓪.①",
      "127。0。0。1",
      "x.localhost",
      "127.0.0.1",
      "127.9.9.9",
      "2130706433",
      "0x7f.1",
      "0177.0.0.1",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[0:0:0:0:0:0:0:1]",
    ],
  ],
  [
    "private",
    [
      "10.0.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "100.64.0.1",
      "[fd00::1]",
      "[fdaa:0:1::3]",
      "[::ffff:10.0.0.1]",
      "redis",
      "db.internal",
      "nas.local",
      "metadata.google.internal",
      "router.home.arpa",
      "167772161",
    ],
  ],
  [
    "nowhere",
    [
      "169.254.169.254",
      "[::ffff:169.254.169.254]",
      "[fe80::1]",
      "0.0.0.0",
      "[::]",
      "224.0.0.1",
      "255.255.255.255",
      "[ff02::1]",
      "[64:ff9b::a9fe:a9fe]",
      "[2002:a9fe:a9fe::1]",
      "192.0.2.1",
      "198.18.0.1",
      "198.51.100.7",
      "203.0.113.7",
      "192.88.99.1",
      "[2001:0:4136:e378:8000:63bf:5601:5601]",
      "[2001:db8::1]",
      "[::127.0.0.1]",
      "[::ffff:0:127.0.0.1]",
      "2852039166",
    ],
  ],
];

test.each(PLACES.flatMap(([place, hosts]) => hosts.map((host) => [host, place] as const)))(
  "%s is %s",
  (host, place) => {
    expect(placeOfHost(new URL(`https://${host}/`).hostname)).toBe(place);
  },
);
