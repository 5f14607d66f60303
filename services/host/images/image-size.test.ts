import { expect, test } from "vitest";
import { imageSize } from "./image-size.ts";

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));
const png = (width: readonly number[], height: readonly number[]) =>
  bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", width, height, [8, 6, 0, 0, 0, 1, 2, 3, 4]);

test.each([
  ["PNG", png([0, 0, 1, 0x40], [0, 0, 0, 0x50]), 320, 80],
  ["GIF", bytes("GIF89a", [0x40, 0x01, 0x50, 0, 0, 0, 0]), 320, 80],
  [
    "JPEG, behind its other segments",
    bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 11, 8, 0, 80, 1, 64, 1, 1, 1, 1]),
    320,
    80,
  ],
  ["WebP, lossy", bytes("RIFF....WEBPVP8 ", [0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 1, 0x50, 0]), 320, 80],
  [
    "WebP, lossless",
    // 319 and 79, fourteen bits each
    bytes("RIFF....WEBPVP8L", [0, 0, 0, 0, 0x2f, 0x3f, 0xc1, 0x13, 0, 0, 0, 0, 0, 0]),
    320,
    80,
  ],
  ["WebP, extended", bytes("RIFF....WEBPVP8X", [10, 0, 0, 0, 0, 0, 0, 0, 0x3f, 1, 0, 79, 0, 0]), 320, 80],
])("%s", (_type, file, width, height) => expect(imageSize(file)).toEqual({ width, height }));

test.each([
  ["nothing", bytes()],
  ["a page", bytes("<!doctype html><script>alert(1)</script>")],
  ["the beginning of a PNG", bytes("\x89PNG\r\n\x1a\n")],
  ["a PNG of no width", png([0, 0, 0, 0], [0, 0, 0, 1])],
  [
    "a PNG that begins with another chunk",
    bytes(
      "\x89PNG\r\n\x1a\n\0\0\0\rtEXt",
      Array.from({ length: 32 }, () => 1),
    ),
  ],
  ["a JPEG without a frame", bytes([0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xda, 0, 2, 0, 0, 0, 0, 0, 0])],
  ["a JPEG whose segment has no length", bytes([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  [
    "a WebP of an unknown kind",
    bytes(
      "RIFF....WEBPALPH",
      Array.from({ length: 20 }, () => 1),
    ),
  ],
])("%s has none", (_what, file) => expect(imageSize(file)).toBeUndefined());
