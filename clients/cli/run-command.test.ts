import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { required, UsageError, type Command } from "./command.ts";
import { commands as shipped } from "./commands.ts";
import { runCommand, type Commands } from "./run-command.ts";

const copy: Command = {
  summary: "Copy",
  usage: "--to <place>",
  mostArguments: 2,
  options: { to: { type: "string" } },
  async run(args, { out }) {
    const to = required(args, "to");
    if (to === "nowhere") throw new Error("there is no such place");
    out.write(`${[...args.positionals, to].join(" ")}\n`);
    return to === "half" ? 3 : undefined;
  },
};
const commands: Commands = { "store copy": async () => copy, serve: async () => ({ ...copy, summary: "Serve" }) };

async function run(known: Commands, ...args: readonly string[]) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await runCommand(known, args, { env: {}, out, err });
  out.end();
  err.end();
  return { code, out: await text(out), err: await text(err) };
}

describe("what is typed behind koder-id", () => {
  test("finds its command, of one word or two, with its arguments", async () => {
    expect(await run(commands, "store", "copy", "a", "--to", "b", "c")).toEqual({ code: 0, out: "a c b\n", err: "" });
    expect(await run(commands, "serve", "--to=x")).toEqual({ code: 0, out: "x\n", err: "" });
  });
  test("ends with the command's own exit code", async () => {
    expect((await run(commands, "serve", "--to", "half")).code).toBe(3);
  });
  test("fails with a sentence", async () => {
    const { code, err } = await run(commands, "store", "copy", "--to", "nowhere");
    expect([code, err]).toEqual([1, "koder-id store copy: there is no such place\n"]);
  });
  test.each([
    [["store", "copy"], "koder-id store copy: --to is missing\nUsage: koder-id store copy --to <place>\n"],
    [["store", "copy", "--form", "x"], "Unknown option '--form'"],
    [["store", "copy", "--to", "b", "c", "d", "e"], "koder-id store copy: e: takes 2 at most, and options\nUsage: "],
    [["store", "cpy"], "there is no command store cpy; did you mean store copy?"],
  ])("%j is not understood", async (args, sentence) => {
    const { code, err } = await run(commands, ...args);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
  });
  test("lists the commands, and tells of one", async () => {
    const { code, out } = await run(commands, "--help");
    expect(code).toBe(0);
    expect(out).toContain("store copy  Copy");
    const ofStore = "Usage: koder-id <command> [--json] [--help]\n\n  store copy  Copy\n";
    expect(await run(commands, "store", "--help")).toEqual({ code: 0, out: ofStore, err: "" });
    expect((await run(commands, "serve", "--help")).out).toBe("Serve\n\nUsage: koder-id serve --to <place>\n");
  });
});

test("every command that is shipped can be read, and has a line for the list", async () => {
  for (const [name, read] of Object.entries(shipped)) {
    const { summary, usage } = await read();
    expect(summary, name).toMatch(/^[A-Z].*[^.]$/);
    expect(usage, name).not.toContain(name);
  }
});

test.each(["key list", "key rotate", "store copy", "tenant export"])(
  "%s takes no arguments, and refuses them before it does anything",
  async (name) => {
    const { code, err } = await run(shipped, ...name.split(" "), "extra");
    expect(code).toBe(2);
    expect(err).toContain(`koder-id ${name}: extra: takes no arguments but its options`);
  },
);

test("an option that must be there is named", () => {
  expect(() => required({ positionals: [], values: {} }, "from")).toThrow(new UsageError("--from is missing"));
});
