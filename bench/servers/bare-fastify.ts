import Fastify from "fastify";

// What a cold start and its memory are measured against.
const app = Fastify({ logger: false });
app.get("/", async () => ({ ok: true }));
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${JSON.stringify({ msg: "ready", url })}\n`);
process.on("SIGTERM", () => process.exit(0));
