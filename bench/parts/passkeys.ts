import { closing } from "../closing.ts";
import { measure, type Round } from "../measure.ts";
import type { Part } from "../part.ts";
import { table } from "../report.ts";
import { pairs } from "../rounds.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { passkeyJourney } from "../works/passkey-journey.ts";
import { tokenCases } from "../works/token-cases.ts";

/**
 * A sign-in with a passkey, from the application's request to the code, beside one with a password whose hash is left out. They
 * are of two servers, because whoever has a passkey is asked for it after their password, too.
 */
export const passkeys: Part = {
  name: "passkeys",
  run: ({ quick }) =>
    closing(async (started) => {
      const [byPassword, byPasskey] = [
        await started(startKoderId({ program: "with-remembered-hash" })),
        await started(startKoderId({ program: "with-remembered-hash" })),
      ];
      const password = tokenCases(await koderIdProvider(byPassword))["sign-in journey"];
      const passkey = await passkeyJourney(await koderIdProvider(byPasskey));
      const count = quick ? 300 : 1_000;
      const { base, other, ratio } = await pairs(
        quick ? 1 : 5,
        () => measure(byPassword.usage, password, { count }),
        () => measure(byPasskey.usage, passkey, { count }),
      );
      process.stdout.write(
        `passkey: ${other.cpu.toFixed(0)} µs, ${ratio.toFixed(2)} × a password's without its hash\n`,
      );
      return { figures: { base, other, ratio }, markdown: markdown(base, other, ratio) };
    }),
};

function markdown(base: Round, other: Round, ratio: number): string {
  const row = (name: string, { cpu, rate, p50, p99 }: Round) => [
    name,
    cpu.toFixed(0),
    rate.toFixed(0),
    `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
  ];
  const rows = table(
    ["Sign-in, from the request to the code", "µs", "a second", "p50 / p99, ms"],
    [row("password, its hash apart", base), row("passkey (ES256)", other)],
  );
  return `${rows}\n\nA passkey costs **${ratio.toFixed(2)} ×** what a password does without its hash: one signature is verified.`;
}
