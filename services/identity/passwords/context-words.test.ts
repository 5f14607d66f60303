import { expect, test } from "vitest";
import { contextWords } from "./context-words.ts";

test("what somebody who knows the owner and the place would try, the longest first", () => {
  const words = contextWords(
    {
      username: "ana.silva",
      email: "Ana@Example.com",
      name: "Ana Maria da Silva",
      nickname: "",
      phoneNumber: "+5511999990000",
      birthdate: "1990-02-03",
    },
    { slug: "acme", displayName: "Acme Bank", defaultDomain: "acme.test" },
  );
  expect(words).toEqual(words.toSorted((a, b) => b.length - a.length));
  expect([...words].toSorted()).toEqual(
    [
      "ana@example.com",
      "ana.silva",
      "ana maria da silva",
      "ana",
      "maria",
      "silva",
      "example.com",
      "example",
      "acme bank",
      "acme",
      "bank",
      "acme.test",
      "5511999990000",
      "19900203",
    ].toSorted(),
  );
});
