import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { startProvider, type Provider } from "./support/provider.ts";
import { startReceiver, type Receiver } from "./support/receiver.ts";
import { createTester, type Tester } from "./support/tester.ts";

const back = "https://localhost:8443/test/a/koder/post_logout_redirect";
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";

describe("Back-Channel Logout OP", () => {
  let provider: Provider;
  let receiver: Receiver;
  let tester: Tester;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    provider = await startProvider({ receivers: [port] });
    receiver = await startReceiver(port, provider.authority.issue("client"));
    tester = createTester(provider);
  });
  afterAll(async () => {
    await provider.stop();
    await receiver.stop();
  });

  test("oidcc-backchannel-logout-discovery-endpoint-verification", () => {
    expect(provider.metadata["backchannel_logout_supported"]).toBe(true);
    expect(provider.metadata["backchannel_logout_session_supported"]).toBe(true);
  });

  test("oidcc-backchannel-rp-initiated-logout", async () => {
    receiver.serve.set("/backchannel", { type: "text/plain", body: "" });
    const client = await tester.newClient({
      post_logout_redirect_uris: [back],
      backchannel_logout_uri: `https://localhost:${port}/backchannel`,
      backchannel_logout_session_required: true,
    });
    const browser = httpBrowser();
    const { idToken, claims } = await tester.signIn(client, {}, { browser });
    const query = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: back, state: "x" });
    const response = await browser.get(`${provider.endpoint("end_session_endpoint")}?${query.toString()}`);
    expect(response.headers.get("location")).toBe(`${back}?state=x`);

    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(1);
    const [sent] = receiver.received;
    expect(sent).toMatchObject({ method: "POST", path: "/backchannel", tls: "TLSv1.3" });
    expect(sent?.contentType).toMatch(/^application\/x-www-form-urlencoded/);
    const form = new URLSearchParams(sent?.body);
    expect([...form.keys()]).toEqual(["logout_token"]);
    const { payload } = await jwtVerify(form.get("logout_token") ?? "", createLocalJWKSet(await tester.keys()), {
      issuer: provider.url,
      audience: client.clientId,
    });
    expect(payload).toMatchObject({
      jti: expect.any(String) as unknown,
      iat: expect.any(Number) as unknown,
      sub: claims.sub,
      sid: claims["sid"],
      events: { [logoutEvent]: {} },
    });
    expect(payload["events"]).toEqual({ [logoutEvent]: {} });
    expect(payload).not.toHaveProperty("nonce");
  });
});
