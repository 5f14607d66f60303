import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  SigningKeyRotation,
  SigningKeyService,
  type RotateSigningKeyResponse,
} from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { UsageError, type Arguments, type Command } from "../command.ts";
import { called, serverClient, serverOptions, serverUsage } from "../server-call.ts";
import { signingKeyJson, signingKeyLines, timeText } from "../signing-key-text.ts";

/** `koder-id key rotate`: another key signs, without any token being refused unless one asks for that. */
export const keyRotate: Command = {
  summary: "Have another key sign tokens; --now and --compromised are for emergencies",
  usage: `[--alg RS256] [--now | --compromised] ${serverUsage}`,
  options: {
    ...serverOptions,
    alg: { type: "string" },
    now: { type: "boolean" },
    compromised: { type: "boolean" },
  },
  async run(args, terminal) {
    const rotation = rotationOf(args);
    const alg = String(args.values["alg"] ?? "RS256");
    const client = serverClient(SigningKeyService, args, terminal);
    const answer = await called(args, client.rotateSigningKey({ alg, rotation }));
    const warning = warnings[rotation];
    if (warning !== undefined) terminal.err.write(`${warning}\n`);
    terminal.out.write(args.values["json"] === true ? `${JSON.stringify(jsonOf(answer))}\n` : textOf(answer, alg));
    return undefined;
  },
};

function rotationOf({ values }: Arguments): SigningKeyRotation {
  if (values["now"] === true && values["compromised"] === true) {
    throw new UsageError("--now and --compromised do not go together");
  }
  if (values["compromised"] === true) return SigningKeyRotation.COMPROMISED;
  return values["now"] === true ? SigningKeyRotation.IMMEDIATE : SigningKeyRotation.ORDERLY;
}

/** What an emergency costs. */
const warnings: Partial<Readonly<Record<SigningKeyRotation, string>>> = {
  [SigningKeyRotation.IMMEDIATE]:
    "Relying parties that keep the key set, and do not fetch it again for an unknown key id, may refuse new tokens until\n" +
    "what they keep runs out.",
  [SigningKeyRotation.COMPROMISED]:
    "Every token signed until now is refused. Relying parties that keep the key set believe withdrawn keys until what they\n" +
    "keep runs out, and until then may refuse new tokens.",
};

function jsonOf({ kid, activateTime, keys }: RotateSigningKeyResponse): object {
  return {
    kid,
    ...(activateTime === undefined ? {} : { activate_time: new Date(timestampMs(activateTime)).toISOString() }),
    keys: keys.map(signingKeyJson),
  };
}

function textOf({ kid, activateTime, keys }: RotateSigningKeyResponse, alg: string): string {
  const signsNow = keys.some((key) => key.kid === kid && key.retireTime === undefined && isPast(key.activateTime));
  const head = signsNow
    ? `${kid} signs ${alg} now.`
    : `${kid} is published, and signs ${alg} from ${timeText(activateTime)}: no relying party can have an older key set then.`;
  return `${head}\n\n${signingKeyLines(keys)}`;
}

const isPast = (time: RotateSigningKeyResponse["activateTime"]): boolean =>
  time !== undefined && timestampMs(time) <= Date.now();
