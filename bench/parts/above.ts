import { closing } from "../closing.ts";
import { connections } from "../http-client.ts";
import { grpcClient } from "../grpc-client.ts";
import type { Round } from "../measure.ts";
import type { Thoroughness } from "../part.ts";
import { compiledAfter, pairs, type Pairs } from "../rounds.ts";
import { measure } from "../measure.ts";
import { table } from "../report.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { startLimits } from "../works/limits.ts";
import { tokenCases } from "../works/token-cases.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";

/** Works whose budget is so much more than what they stand on, not a multiple of it. */
export interface Above {
  /** The base: an authenticated handler that answers nothing, on the same port. */
  readonly getUser: Pairs;
  /** The base: one Argon2id verification with our parameters behind HTTP, one at a time. */
  readonly signIn: Pairs;
}

/** GetUser beside an empty handler, and a whole password sign-in beside the hash alone. */
export async function measureAbove({ quick }: Thoroughness): Promise<Above> {
  return closing(async (started) => {
    const ours = await started(startKoderId());
    const empty = await started(startKoderId({ preload: ["empty-get-user"] }));
    const limit = await started(startLimits());
    const rounds = quick ? 2 : 5;
    const provider = await koderIdProvider(ours);

    const userId = await firstUser(ours.identity, ours.apiKey);
    const asked = (server: typeof ours) => {
      const client = grpcClient(server.identity, server.apiKey);
      const request = async (): Promise<void> => void (await client.call(UserService.method.getUser, { userId }));
      return { client, measured: () => measure(server.usage, { request }, { count: quick ? 1_000 : 2_000 }) };
    };
    const [full, bare] = [asked(ours), asked(empty)];
    const getUser = await pairs(rounds, bare.measured, full.measured);
    for (const { client } of [full, bare]) client.close();

    // As the hash beside it, a sign-in is measured when its code is compiled.
    const journey = tokenCases(provider)["sign-in journey"];
    await measure(ours.usage, journey, { count: quick ? 100 : compiledAfter });
    const options = { count: quick ? 10 : 20, workers: 1 };
    const signIn = await pairs(
      rounds,
      () => measure(limit.usage, limit.case({ path: "/hash" }), options),
      () => measure(ours.usage, journey, options),
    );
    const above = { getUser, signIn };
    for (const [work, found, , budget] of lines(above)) process.stdout.write(`${work}: ${found}, budget ${budget}\n`);
    return above;
  });
}

async function firstUser(address: string, apiKey: string): Promise<string> {
  const client = grpcClient(address, apiKey);
  const { users } = await client.call(UserService.method.listUsers, { pageSize: connections });
  client.close();
  return users.at(-1)?.id ?? "";
}

const total = ({ cpu, database }: Round): number => cpu + database;

function lines({ getUser, signIn }: Above): readonly (readonly string[])[] {
  const milliseconds = (microseconds: number) => `${(microseconds / 1000).toFixed(1)} ms`;
  return [
    [
      "gRPC GetUser",
      `${getUser.other.cpu.toFixed(0)} µs`,
      `${getUser.base.cpu.toFixed(0)} µs, an authenticated empty handler`,
      "+ 60 µs",
      `**+ ${(getUser.other.cpu - getUser.base.cpu).toFixed(0)} µs**`,
    ],
    [
      "password sign-in, CPU",
      milliseconds(total(signIn.other)),
      `${milliseconds(signIn.base.cpu)}, the hash`,
      "+ 3 ms",
      `**+ ${milliseconds(signIn.other.cpu - signIn.base.cpu)}**`,
    ],
    [
      "password sign-in, time, one at a time",
      `${signIn.other.p50.toFixed(1)} ms`,
      `${signIn.base.p50.toFixed(1)} ms, the hash`,
      "+ 3 ms",
      `**+ ${(signIn.other.p50 - signIn.base.p50).toFixed(1)} ms**`,
    ],
  ];
}

/** The table of these works. */
export function aboveTable(above: Above): string {
  return table(["Work", "ours", "on top of", "budget", "**ours**"], lines(above));
}
