/** The hidden inputs of a page's form, which a browser sends with what a person types. */
export const hiddenInputs = (html: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(
      html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g),
      ([, name = "", value = ""]) => [name, value] as const,
    ),
  );
