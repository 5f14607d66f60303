import { everyMethodHasAccess, internalMeansServiceOnly } from "./access-rules.ts";
import { everyMethodHasComment, readsHaveNoSideEffects } from "./method-rules.ts";
import type { Rule } from "./rule.ts";
import { eventsCarryNoSecrets, secretsAreMarked } from "./secrecy-rules.ts";
import { everyEnumStartsUnspecified, packagesKeepTheirPlaces } from "./structure-rules.ts";
import { everyRequestChoiceIsMade, everyRequestFieldIsBounded } from "./validation-rules.ts";

/** The rules of the contract that no linter knows, by what they say. */
export const contractRules: Readonly<Record<string, Rule>> = {
  "every method has a complete access option": everyMethodHasAccess,
  "internal files are for services only, public ones are not": internalMeansServiceOnly,
  "every service and method has a comment": everyMethodHasComment,
  "reads have no side effects": readsHaveNoSideEffects,
  "every request field is bounded": everyRequestFieldIsBounded,
  "every choice in a request is made": everyRequestChoiceIsMade,
  "secrets are marked": secretsAreMarked,
  "events carry no secrets": eventsCarryNoSecrets,
  "every enum starts with UNSPECIFIED": everyEnumStartsUnspecified,
  "packages keep their places": packagesKeepTheirPlaces,
};
