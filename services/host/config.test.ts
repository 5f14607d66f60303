import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError, loadConfig, settings } from "./config.ts";

const production = {
  KODER_ID_PUBLIC_URL: "https://id.example.com",
  KODER_ID_TLS_CERT: "/etc/koder-id/tls.crt",
  KODER_ID_TLS_KEY: "/etc/koder-id/tls.key",
  KODER_ID_MASTER_KEY_FILE: "/etc/koder-id/master-key",
};

/** The sentences of a refusal. */
function problems(env: Record<string, string>): string {
  try {
    loadConfig(env);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error instanceof Error ? error.message : "";
  }
}

describe("the configuration", () => {
  test("nothing set: development on loopback, data beside", () => {
    expect(loadConfig({ HOME: "/root", NODE_ENV: "production" })).toMatchObject({
      mode: "development",
      listen: { host: "127.0.0.1", port: 8080 },
      publicOrigin: undefined,
      serviceBasePort: 4000,
      signingKeyLifetime: 90 * 86_400_000,
      keySetMaxAge: 300_000,
      store: expect.stringMatching(/^sqlite:\/.*\/data\/koder-id\.db$/),
      masterKeyFile: expect.stringMatching(/\/data\/master-key$/),
    });
  });

  test("a name without a value is not set: everything is as if it were not there", () => {
    const unset = Object.fromEntries(["KODER_ID_CONFIG", ...Object.keys(settings)].map((name) => [name, ""]));
    expect(loadConfig(unset)).toEqual(loadConfig({}));
    expect(loadConfig(unset).rateLimits).toMatchObject({ signIn: { quota: 1_200 }, requests: { quota: 30_000 } });
  });

  test("a typo is named, with what was meant, beside every other problem", () => {
    const said = problems({ KODER_ID_LISTN: "x", KODER_ID_LOG_LEVEL: "loud", KODER_ID_SERVICE_BASE_PORT: "99999" });
    expect(said).toContain("KODER_ID_LISTN is no setting; did you mean KODER_ID_LISTEN?");
    expect(said).toContain("KODER_ID_LOG_LEVEL must be one of fatal, error");
    expect(said).toContain("KODER_ID_SERVICE_BASE_PORT must be a port");
  });

  test("no value is ever repeated", () => {
    const secret = "a-secret-value";
    for (const name of Object.keys(settings)) expect(problems({ [name]: secret })).not.toContain(secret);
    expect(problems({ KODER_ID_BOOTSTRAP_TOKEN: "short" })).toMatch(/at least 24 characters/);
  });

  test("a mail server is named by a URL; TLS is needed beyond the machine, unless it is said", () => {
    const smtp = (url: string) => loadConfig({ KODER_ID_SMTP_URL: url }).mail.smtp;
    expect(smtp("smtps://acme:s%40cret@mail.example.com")).toEqual({
      host: "mail.example.com",
      port: 465,
      isTls: true,
      needsTls: false,
      user: "acme",
      password: "s@cret",
    });
    expect(smtp("smtp://mail.example.com")).toMatchObject({ port: 587, isTls: false, needsTls: true, user: undefined });
    expect(smtp("smtp://[::1]:2525")).toMatchObject({ host: "::1", port: 2525, needsTls: false });
    expect(smtp("smtp://relay.internal:25?tls=optional")).toMatchObject({ port: 25, needsTls: false });
    for (const wrong of ["mail.example.com", "http://x", "smtp://x/path", "smtp://x?a=b", "smtps://x?tls=optional"]) {
      expect(problems({ KODER_ID_SMTP_URL: wrong })).toMatch(/KODER_ID_SMTP_URL m/);
    }
    expect(problems({ KODER_ID_SMTP_URL: "smtp://acme:100%zz@mail.example.com" })).toMatch(
      /KODER_ID_SMTP_URL must have user and password percent-encoded/,
    );
    expect(loadConfig(production).mail).toEqual({ smtp: undefined, from: "no-reply@id.example.com" });
    for (const from of ["Acme <no-reply@acme.test>", "no-reply@acme.test"]) {
      expect(loadConfig({ KODER_ID_MAIL_FROM: from }).mail.from).toBe(from);
    }
    for (const from of ["no-reply@münchen.test", "Zürich <no-reply@münchen.test>"]) {
      expect(loadConfig({ KODER_ID_MAIL_FROM: from }).mail.from).toBe(from);
    }
    for (const wrong of [
      "Ünal@acme.test",
      "Acme <ünal@acme.test>",
      "Acme",
      "a@b@c",
      "Acme <a@b>, <c@d>",
      "a@b\r\nBcc: c@d",
    ]) {
      expect(problems({ KODER_ID_MAIL_FROM: wrong })).toMatch(/KODER_ID_MAIL_FROM must be/);
    }
  });

  test("limits are a number and a time, or off", () => {
    expect(loadConfig({}).rateLimits).toEqual({
      requests: { quota: 30_000, window: 60_000 },
      signIn: { quota: 1_200, window: 60_000 },
    });
    expect(loadConfig({ KODER_ID_RATE_LIMIT: "off", KODER_ID_RATE_LIMIT_SIGN_IN: "5/2h" }).rateLimits).toEqual({
      requests: undefined,
      signIn: { quota: 5, window: 7_200_000 },
    });
    for (const wrong of ["0/1m", "5", "5/0s", "5/2d", "-1/1m", "1e3/1m", "5/1m/1m"]) {
      expect(problems({ KODER_ID_RATE_LIMIT: wrong })).toMatch(/KODER_ID_RATE_LIMIT must be/);
    }
  });

  test("several processes of one machine need a store that they can share", () => {
    expect(loadConfig({})).toMatchObject({ processes: 1 });
    expect(loadConfig({ KODER_ID_PROCESSES: "4" })).toMatchObject({ processes: 4 });
    expect(loadConfig({ KODER_ID_PROCESSES: "1", KODER_ID_STORE: "memory:" })).toMatchObject({ processes: 1 });
    for (const wrong of ["0", "65", "-1", "2.5", "two", "1e1", "0x2"]) {
      expect(problems({ KODER_ID_PROCESSES: wrong })).toMatch(
        /KODER_ID_PROCESSES must be a number of processes, 1 to 64/,
      );
    }
    expect(problems({ KODER_ID_PROCESSES: "2", KODER_ID_STORE: "memory:" })).toMatch(
      /KODER_ID_STORE must not be memory: with more than one process/,
    );
  });

  const split = {
    KODER_ID_SERVICES: "gateway,oauth",
    KODER_ID_PEERS:
      "identity=https://10.0.0.1:4001,identity=https://10.0.0.2:4001,auth=https://a:4002,session=https://s:4004,admin=https://d:4005",
    KODER_ID_SERVICE_KEYS: "/etc/koder-id/keys",
  };
  test("services in processes of their own need to know the others, and a way to prove themselves", () => {
    const { services, peers } = loadConfig(split);
    expect(services).toEqual(["gateway", "oauth"]);
    expect(peers.get("identity")).toEqual(["https://10.0.0.1:4001", "https://10.0.0.2:4001"]);
    for (const [change, sentence] of [
      [{ KODER_ID_PEERS: "" }, /KODER_ID_PEERS must say where identity, auth, session, admin can be reached/],
      [
        { KODER_ID_PEERS: `${split.KODER_ID_PEERS},oauth=http://o:1` },
        /must not name oauth, which this process serves/,
      ],
      [{ KODER_ID_PEERS: "identity" }, /KODER_ID_PEERS/],
      [{ KODER_ID_PEERS: "gateway=http://g" }, /must be <service>=<origin>/],
      [{ KODER_ID_SERVICE_KEYS: "" }, /KODER_ID_SERVICE_KEYS must be set/],
      [{ KODER_ID_SERVICES: "oauth,oauth" }, /must name each service once/],
      [{ KODER_ID_STORE: "memory:" }, /must not be memory: where services share it/],
      [
        { KODER_ID_SERVICE_TLS_CERT: "c" },
        /KODER_ID_SERVICE_TLS_CERT and KODER_ID_SERVICE_TLS_KEY must be set together/,
      ],
      [{ KODER_ID_SERVICE_TLS_MUTUAL: "on" }, /KODER_ID_SERVICE_TLS_MUTUAL needs/],
    ] as const) {
      expect(problems({ ...split, ...change })).toMatch(sentence);
    }
  });

  test("a value of spaces alone is none", () => {
    for (const name of ["KODER_ID_DATA", "KODER_ID_MASTER_KEY_FILE", "KODER_ID_SERVICE_HOST", "KODER_ID_ADMIN_EMAIL"]) {
      expect(problems({ [name]: "  " })).toContain(`${name} must not be blank`);
    }
  });

  test("hosts are exempt from the guard of outbound requests by name and port", () => {
    expect(loadConfig({})).toMatchObject({ outboundExempt: [] });
    expect(loadConfig({ KODER_ID_OUTBOUND_EXEMPT: "keys.internal:8443=/etc/ca.pem" })).toMatchObject({
      outboundExempt: [{ hostname: "keys.internal", port: 8443, caFile: "/etc/ca.pem" }],
    });
    expect(problems({ KODER_ID_OUTBOUND_EXEMPT: "keys.internal" })).toMatch(/must be <host>:<port>/);
  });

  test("production is refused where it is unsafe", () => {
    expect(loadConfig(production)).toMatchObject({ mode: "production" });
    for (const [change, sentence] of [
      [{ KODER_ID_PUBLIC_URL: "http://id.example.com" }, /must be https/],
      [{ KODER_ID_TLS_CERT: "", KODER_ID_TLS_KEY: "" }, /production needs TLS/],
      [{ KODER_ID_TLS_KEY: "" }, /must be set together/],
      [{ KODER_ID_STORE: "memory:" }, /must not be memory/],
      [{ KODER_ID_MASTER_KEY_FILE: "./data/keys/master" }, /must lie outside/],
      [{ KODER_ID_MASTER_KEY_FILE: "" }, /must lie outside/],
      [{ KODER_ID_MODE: "development" }, /only while KODER_ID_PUBLIC_URL is loopback/],
      [{ KODER_ID_SIGNING_KEY_LIFETIME: "90 days" }, /must be a length of time from 1h to 730d, such as 90d/],
      [{ KODER_ID_SIGNING_KEY_LIFETIME: "1h", KODER_ID_KEY_SET_MAX_AGE: "16m" }, /at least four times/],
      [{ KODER_ID_STORE: "mysql://x" }, /must be sqlite:<path>, postgres:/],
      [{ KODER_ID_SERVICES: "mail" }, /must be all, or some of gateway, identity/],
      [{ ...split, KODER_ID_PEERS: split.KODER_ID_PEERS.replaceAll("https:", "http:") }, /https between machines/],
    ] as const) {
      expect(problems({ ...production, ...change })).toMatch(sentence);
    }
    const behindProxy = {
      ...production,
      KODER_ID_TLS_CERT: "",
      KODER_ID_TLS_KEY: "",
      KODER_ID_TRUSTED_PROXIES: "10.0.0.0/8",
    };
    expect(loadConfig(behindProxy)).toMatchObject({ trustedProxies: ["10.0.0.0/8"], tls: undefined });
    expect(problems({ ...behindProxy, KODER_ID_TRUSTED_PROXIES: "10.0.0.0/40" })).toMatch(/addresses or prefixes/);
  });

  describe("from a file", () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "koder-id-config-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const file = (content: string): string => {
      const path = join(folder, "config.json");
      writeFileSync(path, content);
      return path;
    };

    test("the same names; the environment wins", () => {
      const path = file('{ "KODER_ID_LOG_LEVEL": "warn", "KODER_ID_SERVICE_BASE_PORT": 5000 }');
      expect(loadConfig({ KODER_ID_CONFIG: path, KODER_ID_LOG_LEVEL: "debug" })).toMatchObject({
        logLevel: "debug",
        serviceBasePort: 5000,
      });
    });
    test("what is not JSON, or no setting, is refused", () => {
      expect(problems({ KODER_ID_CONFIG: file("{") })).toMatch(/cannot be read/);
      expect(problems({ KODER_ID_CONFIG: file('{ "port": 1 }') })).toMatch(/port must be a KODER_ID_ setting/);
      expect(problems({ KODER_ID_CONFIG: join(folder, "gone") })).toMatch(/cannot be read/);
    });
  });

  test("docs/configuration.md has every setting with its default and meaning", () => {
    const document = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
    for (const [name, { meaning, fallback }] of Object.entries(settings)) {
      expect(document).toContain(`| \`${name}\` | ${fallback === "" ? "" : `\`${fallback}\``} | ${meaning} |`);
    }
    const named = document.match(/^\| `KODER_ID_\w+`/gm) ?? [];
    expect(named).toHaveLength(Object.keys(settings).length);
  });
});
