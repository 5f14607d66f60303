import type { User } from "#gen/koder/identity/v1/user_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { isLanguageTag, wantedLanguageTag } from "../../host/language-tag.ts";
import { isShownLine, wantedShownLine } from "../../host/shown-line.ts";

/** People are shown by these, to each other as well. */
const nameForms = (
  [
    ["name", ({ name }) => name],
    ["given_name", ({ givenName }) => givenName],
    ["family_name", ({ familyName }) => familyName],
    ["middle_name", ({ middleName }) => middleName],
    ["nickname", ({ nickname }) => nickname],
  ] as const satisfies readonly (readonly [string, (user: User) => string])[]
).map(([path, of]) => ({ path, of, isGood: isShownLine, description: wantedShownLine }));

/** The claims of which more is said than their length or a pattern: what they must be, and whether a text is that. */
const forms = [
  ...nameForms,
  { path: "locale", of: ({ locale }: User) => locale, isGood: isLanguageTag, description: wantedLanguageTag },
  {
    path: "zoneinfo",
    of: ({ zoneinfo }: User) => zoneinfo,
    isGood: isTimeZone,
    description: "must be a time zone of the IANA database such as Europe/Paris",
  },
  {
    path: "birthdate",
    of: ({ birthdate }: User) => birthdate,
    isGood: isBirthdate,
    description: "must be a day that there is: YYYY-MM-DD, 0000-MM-DD without the year, or YYYY alone",
  },
];

/**
 * Checks those claims of a profile that the paths name by what OpenID Connect Core §5.1 says of them, and names by whether they
 * can be shown; an empty one is none.
 * Throws INVALID_REQUEST, naming each.
 */
export function checkProfile(user: User, paths: readonly string[] = forms.map(({ path }) => path)): void {
  const violations = forms
    .filter(({ path, of, isGood }) => paths.includes(path) && of(user) !== "" && !isGood(of(user)))
    .map(({ path, description }) => ({ field: `user.${path}`, description }));
  if (violations.length === 0) return;
  const said = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw failure(ErrorReason.INVALID_REQUEST, said, { violations });
}

/** Names only: a distance from UTC, such as `+01:00`, is in no database. */
function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The form is the contract's. The year 0000 stands for none, and may be a leap year. */
function isBirthdate(text: string): boolean {
  const [year = 0, month, day] = text.split("-").map(Number);
  if (month === undefined || day === undefined) return year > 0;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
