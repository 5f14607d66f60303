import { expect, test } from "vitest";
import { imageType } from "./image-type.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

test.each([
  ["\x89PNG\r\n\x1a\n....", "image/png"],
  ["\xff\xd8\xff\xe0....", "image/jpeg"],
  ["GIF87a....", "image/gif"],
  ["GIF89a....", "image/gif"],
  ["RIFF\x10\0\0\0WEBPVP8 ", "image/webp"],
])("%j is %s", (text, type) => expect(imageType(bytes(text))).toBe(type));

test.each([
  "",
  "\x89PNG",
  "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
  "<!doctype html><script>alert(1)</script>",
  " GIF89a",
  "RIFF\x10\0\0\0WAVEfmt ",
  "BM....",
  "%PDF-1.7",
])("%j is none that is shown", (text) => expect(imageType(bytes(text))).toBeUndefined());
