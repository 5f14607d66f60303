import type { ScopeGroup } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { scopeSentence } from "./scope-sentence.ts";
import { filled, type Texts } from "./texts.ts";

/** What a consent page says of a group of scopes. */
export interface GroupedScopes {
  readonly heading: string;
  readonly sentences: readonly string[];
}

/** The one scope that says nothing of the person, but for how long the client may go on. */
const awayScope = "offline_access";

/**
 * The scopes as sentences, grouped: what is about the person, what each resource server is asked for, and last that the client
 * may go on while the person is away. A scope that nobody has described is named as it is, never left out.
 */
export function groupedScopes(groups: readonly ScopeGroup[], texts: Texts): readonly GroupedScopes[] {
  const about: string[] = [];
  const away: string[] = [];
  const others = new Map<string, string[]>();
  for (const { resource, displayName, scopes } of groups) {
    // Who asks for nothing still learns who it is.
    if (scopes.length === 0 && resource === "") about.push(texts["scope_openid"] ?? "");
    else if (scopes.length === 0) others.set(displayName || resource, [texts["scope_none"] ?? ""]);
    for (const { scope, description } of scopes) {
      const own = resource === "" ? scopeSentence(scope, texts) : undefined;
      if (own !== undefined) (scope === awayScope ? away : about).push(own);
      else {
        const heading = displayName || resource || (texts["consent_other"] ?? "");
        const sentence = description || filled(texts["scope_other"], { scope });
        others.set(heading, [...(others.get(heading) ?? []), sentence]);
      }
    }
  }
  return [
    { heading: texts["consent_about_you"] ?? "", sentences: about },
    ...Array.from(others, ([heading, sentences]) => ({ heading, sentences })),
    { heading: texts["consent_away"] ?? "", sentences: away },
  ].filter(({ sentences }) => sentences.length > 0);
}
