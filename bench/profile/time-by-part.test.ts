import { expect, test } from "vitest";
import { timeByPart } from "./time-by-part.ts";

const node = (id: number, functionName: string, url: string, ...children: number[]) => ({
  id,
  callFrame: { functionName, url, lineNumber: 0 },
  children,
});

test("what a function takes is its part's, and what one of no part takes is its caller's", () => {
  const nodes = [
    node(1, "(root)", "", 2, 3, 7),
    node(2, "(garbage collector)", ""),
    node(3, "redeem", "file:///koder/services/oauth/token/redeem.ts", 4, 6),
    node(4, "get", "file:///koder/services/store/drivers/sqlite/sql-store.ts", 5),
    node(5, "get", ""),
    node(6, "create", "file:///koder/node_modules/@bufbuild/protobuf/dist/esm/create.js"),
    node(7, "(idle)", ""),
  ];
  const profile = { nodes, samples: [2, 3, 4, 5, 6, 7, 1], timeDeltas: [1, 2, 4, 8, 16, 32, 64] };
  expect(Object.fromEntries(timeByPart(profile))).toEqual({
    "collecting garbage": 1,
    "the flows themselves": 2,
    store: 12,
    "messages and their rules": 16,
    waiting: 32,
    "nobody's": 64,
  });
});
