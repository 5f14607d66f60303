import type { Command } from "../command.ts";

/** `koder-id serve [service…]`: what `npm start` does, for all services or some of them. */
export const serve: Command = {
  summary: "Serve all services, or some of them, in this process",
  usage: "[gateway|identity|auth|oauth|session|admin …]",
  mostArguments: Number.POSITIVE_INFINITY,
  async run({ positionals }, { env }) {
    const services = positionals.length === 0 ? {} : { KODER_ID_SERVICES: positionals.join(",") };
    // Everything that is served is read only where something is served.
    const { startProgram } = await import("../../../services/start-program.ts");
    await startProgram({ ...env, ...services });
    return undefined;
  },
};
