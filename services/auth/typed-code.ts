/** What stands between the signs of a code, or around them: blanks, dashes of every length, and signs that nobody sees. */
const between = /[\s\p{Dash_Punctuation}\p{Format}]/gu;

/** A code as it was made, of how it was typed, or came along when it was copied out of a message or a document. */
export const typedCode = (typed: string): string => typed.normalize("NFKC").replaceAll(between, "");
