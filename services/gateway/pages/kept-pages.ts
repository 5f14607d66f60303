import { randomBytes } from "node:crypto";
import { dropOldest } from "../../vault/drop-oldest.ts";

/** What a template shows: JSON. */
export type Shown = Readonly<Record<string, unknown>>;

/** Pages that were rendered before, to be sent again with other tokens. */
export interface KeptPages {
  /**
   * The page that `render` makes of `shown`; `sort` says what else it depends on. What looks like a token of ours in `shown` is filled
   * into a page that was rendered before: the template must show it as it is, and decide nothing by it.
   */
  page(sort: string, shown: Shown, render: (shown: Shown) => string): string;
}

/**
 * 128 bits or more in base64url, as our tokens are: nothing of it is escaped in HTML, in JSON or in a URL, so that it stands in the page as
 * it was shown. Not the name of a member.
 */
const token = /[\w-]{22,}(?![\w-]|":)/g;

/** Keeps the `mostKept` pages that were rendered last, each without its tokens. */
export function createKeptPages({ mostKept = 100 }: { readonly mostKept?: number } = {}): KeptPages {
  const kept = new Map<string, readonly string[]>();
  // Nobody outside can show it, so it is nowhere in a page but where a token belongs.
  const mark = `-${randomBytes(16).toString("hex")}-`;
  const gap = new RegExp(`${mark}(\\d+)-`);

  return {
    page(sort, shown, render) {
      const tokens: string[] = [];
      const json = JSON.stringify(shown).replace(token, (found) => {
        const known = tokens.indexOf(found);
        return `${mark}${known === -1 ? tokens.push(found) - 1 : known}-`;
      });
      const key = `${sort}\n${json}`;
      let parts = kept.get(key);
      if (parts === undefined) {
        parts = render(JSON.parse(json) as Shown).split(gap);
        kept.set(key, parts);
        dropOldest(kept, mostKept);
      }
      // Text and number of a token in turn.
      let page = "";
      for (const [at, part] of parts.entries()) page += at % 2 === 0 ? part : (tokens[Number(part)] ?? "");
      return page;
    },
  };
}
