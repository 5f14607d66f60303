/** A form as a page shows it. */
export interface Form {
  readonly action: string;
  /** Names and values of its inputs. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Its buttons by their value. */
  readonly buttons: readonly { readonly name: string; readonly value: string }[];
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };
const plain = (text: string): string =>
  text.replaceAll(/&(?:#(\d+)|([a-z]+));/g, (whole, code?: string, name?: string) =>
    code === undefined ? (entities[name ?? ""] ?? whole) : String.fromCodePoint(Number(code)),
  );
const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : plain(value);
};

/** The forms of a page of ours, whose markup has every attribute in double quotes. */
export function formsOf(html: string): readonly Form[] {
  return Array.from(html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/g), ([, tag = "", body = ""]) => ({
    action: attribute(tag, "action") ?? "",
    inputs: new Map(
      Array.from(body.matchAll(/<input\b[^>]*>/g), ([input]): [string, string] => [
        attribute(input, "name") ?? "",
        attribute(input, "value") ?? "",
      ]),
    ),
    buttons: Array.from(body.matchAll(/<button\b[^>]*>/g), ([button]) => ({
      name: attribute(button, "name") ?? "",
      value: attribute(button, "value") ?? "",
    })),
  }));
}
