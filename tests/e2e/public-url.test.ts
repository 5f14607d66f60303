import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../support/server.ts";

const message = /the public URL .* is another one/;

test("a start with another public URL than the last one says so, with both; the one after it does not", async () => {
  const first = await startServer({ env: { KODER_ID_PUBLIC_URL: "http://id.localhost:8080" } });
  onTestFinished(() => first.stop());
  const again = async (publicUrl: string) => {
    const server = await startServer({ dataDir: first.dataDir, env: { KODER_ID_PUBLIC_URL: publicUrl } });
    await server.stop();
    return server.logs().filter((line) => message.test(line));
  };
  expect(first.logs().filter((line) => message.test(line))).toEqual([]);
  await first.end();
  expect(await again("http://id.localhost:8080")).toEqual([]);
  const [told, ...more] = await again("http://login.localhost:8080");
  expect(JSON.parse(told ?? "{}")).toMatchObject({
    level: "warn",
    before: "http://id.localhost:8080",
    now: "http://login.localhost:8080",
  });
  expect(more).toEqual([]);
  expect(await again("http://login.localhost:8080")).toEqual([]);
});
