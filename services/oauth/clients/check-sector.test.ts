import { ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { GuardedFetch } from "../../host/outbound/guarded-fetch.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { checkSector } from "./check-sector.ts";

const sectorIdentifierUri = "https://sector.example/uris.json";
const call = { tenantId: "t1" };
const [a, b] = ["https://a.example/cb", "https://b.example/cb"];

/** A host that answers so, and keeps what it was asked. */
function host(answer: string | OutboundFailed, status = 200) {
  const asked: string[] = [];
  const outbound = {
    async get(url: string) {
      asked.push(url);
      if (answer instanceof OutboundFailed) throw answer;
      return { status, contentType: "application/json", body: Buffer.from(answer) };
    },
  } as unknown as GuardedFetch;
  return { outbound, asked };
}
const fault = async (work: Promise<void>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error).rawMessage,
  );

test("every redirect URI is in the document", async () => {
  const { outbound, asked } = host(JSON.stringify([b, a, 7]));
  expect(
    await fault(checkSector({ outbound }, call, { sectorIdentifierUri, redirectUris: [a, b], jwksUri: "" })),
  ).toBeUndefined();
  expect(asked).toEqual([sectorIdentifierUri]);
  const redirectUris = [a, "https://a.example/cb2"];
  expect(await fault(checkSector({ outbound }, call, { sectorIdentifierUri, redirectUris, jwksUri: "" }))).toContain(
    "must list every",
  );
});

test.each([
  ["{", 200, "JSON array"],
  [`{"a":"${a}"}`, 200, "JSON array"],
  [JSON.stringify([a]), 404, "status 404"],
  [new OutboundFailed("redirect"), 200, "redirect"],
  [new OutboundFailed("address"), 200, "not public"],
])("%s with status %i is refused: %s", async (answer, status, why) => {
  const { outbound } = host(answer, status);
  const said = await fault(checkSector({ outbound }, call, { sectorIdentifierUri, redirectUris: [a], jwksUri: "" }));
  expect(said).toMatch(/^sector_identifier_uri /);
  expect(said).toContain(why);
});

test("it is asked for only where the sector or the redirect URIs are new", async () => {
  const { outbound, asked } = host(JSON.stringify([a, b]));
  const before = { sectorIdentifierUri, redirectUris: [a], jwksUri: "" };
  await checkSector({ outbound }, call, before, before);
  await checkSector({ outbound }, call, { sectorIdentifierUri: "", redirectUris: [a], jwksUri: "" });
  expect(asked).toHaveLength(0);
  await checkSector({ outbound }, call, { sectorIdentifierUri, redirectUris: [a, b], jwksUri: "" }, before);
  await checkSector({ outbound }, call, before, {
    sectorIdentifierUri: "https://other.example/",
    redirectUris: [a],
    jwksUri: "",
  });
  expect(asked).toHaveLength(2);
});

test("a client without redirect URIs is not of a sector whose document does not name it", async () => {
  const jwksUri = "https://a.example/jwks.json";
  const { outbound } = host(JSON.stringify([a, jwksUri]));
  const of = (keys: string) =>
    fault(checkSector({ outbound }, call, { sectorIdentifierUri, redirectUris: [], jwksUri: keys }));
  expect(await of("")).toContain("sector_identifier_uri is for a client with redirect_uris");
  expect(await of("https://evil.example/jwks.json")).toContain("must list jwks_uri");
  expect(await of(jwksUri)).toBeUndefined();
});
