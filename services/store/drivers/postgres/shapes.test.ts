import { expect, test } from "vitest";
import { keys, tickets } from "../../conformance/test-records.ts";
import { checkTypes, declaredColumns, shapesBehind } from "./shapes.ts";

test("a shape is its columns, in whatever order they were declared", () => {
  expect(declaredColumns(keys)).toBe("i_label TEXT,i_rank INTEGER");
  const indexes = Object.fromEntries(Object.entries(keys.indexes ?? {}).toReversed());
  expect(declaredColumns({ ...keys, indexes } as typeof keys)).toBe(declaredColumns(keys));
  expect(declaredColumns(tickets)).toBe("i_body TEXT,u_code TEXT");
});

test("shapes that lack a column are behind; those that have more are not, or two versions would undo each other's work", () => {
  const shapes = [
    { number: 1, columns: "" },
    { number: 2, columns: "i_a TEXT" },
    { number: 3, columns: "i_a TEXT,i_b TEXT" },
    { number: 4, columns: "i_a TEXT,i_b TEXT,i_c TEXT" },
    { number: 5, columns: "i_b TEXT,i_c TEXT" },
  ];
  expect(shapesBehind(shapes, "i_a TEXT,i_b TEXT")).toEqual([1, 2, 5]);
  expect(shapesBehind(shapes, "")).toEqual([]);
});

test("a column keeps its type for ever", () => {
  checkTypes(keys, [{ number: 1, columns: "i_label TEXT,i_other INTEGER" }]);
  expect(() => checkTypes(keys, [{ number: 1, columns: "i_label INTEGER" }])).toThrow(
    "the index label of test_keys cannot change its type",
  );
});
