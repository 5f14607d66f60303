import { SigningKeyService } from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { pages } from "../../core/pages.ts";
import type { Command } from "../command.ts";
import { called, serverClient, serverOptions, serverUsage } from "../server-call.ts";
import { signingKeyJson, signingKeyLines } from "../signing-key-text.ts";

/** `koder-id key list`: the keys that sign a tenant's tokens. */
export const keyList: Command = {
  summary: "List the keys that sign tokens, with what they do and until when",
  usage: serverUsage,
  options: serverOptions,
  async run(args, terminal) {
    const client = serverClient(SigningKeyService, args, terminal);
    const listed = pages(client.listSigningKeys, { pageSize: 200 }, (page) => page.keys);
    const keys = await called(args, Array.fromAsync(listed));
    if (args.values["json"] === true) terminal.out.write(`${JSON.stringify({ keys: keys.map(signingKeyJson) })}\n`);
    else terminal.out.write(signingKeyLines(keys));
    return undefined;
  },
};
