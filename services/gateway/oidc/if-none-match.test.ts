import { expect, test } from "vitest";
import { hasMatchingEtag } from "./if-none-match.ts";

const etag = '"abc-_123"';

test.each(['"abc-_123"', 'W/"abc-_123"', '"x", "abc-_123"', '"x",W/"abc-_123" ,"y"', "*", " * "])(
  "%s has it",
  (ifNoneMatch) => {
    expect(hasMatchingEtag(ifNoneMatch, etag)).toBe(true);
  },
);

test.each([undefined, "", "abc-_123", '"abc"', '"abc-_123', '"x", "y"', 'w/"abc-_123"'])(
  "%s has not",
  (ifNoneMatch) => {
    expect(hasMatchingEtag(ifNoneMatch, etag)).toBe(false);
  },
);
