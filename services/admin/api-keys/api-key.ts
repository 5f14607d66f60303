import { randomToken } from "../../vault/random.ts";

/** Names the keyed hash under which an API key is kept. */
export const apiKeyUse = "api-key";

/** A new API key: 256 random bits. */
export const newApiKey = (): string => randomToken("kak_");
