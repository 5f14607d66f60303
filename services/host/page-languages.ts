/** The languages that pages and mails speak; the first is the source and the fallback. */
export const pageLanguages = ["en-US", "pt-BR", "es"] as const;
