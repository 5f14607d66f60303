import { expect, test } from "vitest";
import { keys, tickets } from "./conformance/test-records.ts";
import { openStore } from "./open-store.ts";
import type { Collection } from "./store.ts";

const clock = () => 0;

test.each([
  ["mysql://user:secret@host/db", /^the store mysql: is not supported; use sqlite:<path>, postgres:\/\/… or memory:$/],
  ["postgres://user:secret@127.0.0.1:1/db", /^the store postgres:\/\/127.0.0.1:1\/db cannot be opened: .*ECONNREFUSED/],
  ["postgres://user:sec/ret@host/db", /^the URL of the store cannot be used: it must be a URL such as/],
  ["./data/koder-id.db", /must be given as sqlite:<path>, postgres:\/\/… or memory:/],
  ["", /must be given as/],
  ["memory:x", /memory: is not supported/],
  ["sqlite:", /needs the path of its file/],
])("the URL %j is refused with a sentence", async (url, message) => {
  await expect(openStore({ url, collections: [], clock })).rejects.toThrow(message);
});

const text = { type: "text", value: () => "" } as const;
test.each([
  ["a name that is none", [{ ...keys, name: "Keys" }], /"Keys" is not <service>_<plural>/],
  ["a name of the store's own tables", [{ ...keys, name: "outbox" }], /"outbox" is not/],
  ["a name of the engine's", [{ ...keys, name: "sqlite_keys" }], /sqlite_keys/],
  ["SQL for a name", [{ ...keys, name: 'a_b" (x); --' }], RangeError],
  ["a name twice", [keys, { ...tickets, name: keys.name }], /test_keys is declared twice/],
  ["an index called id", [{ ...keys, indexes: { id: text } }], /test_keys: the index name "id"/],
  ["SQL for an index", [{ ...keys, indexes: { 'a"': text } }], RangeError],
  ["an index of two kinds", [{ ...keys, unique: { a: text }, indexes: { a: text } }], /both unique and plain/],
])("collections with %s are refused", async (_name, collections, message) => {
  await expect(openStore({ url: "memory:", collections: collections as readonly Collection[], clock })).rejects.toThrow(
    message,
  );
});
