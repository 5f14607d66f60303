import type { User } from "#gen/koder/identity/v1/user_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure, type FieldViolation } from "../../host/failure.ts";
import { isLanguageTag, wantedLanguageTag } from "../../host/language-tag.ts";
import { isShownLine, shownLineViolations, shownTextViolations, wantedShownLine } from "../../host/shown-line.ts";

/** People are shown by these, to each other as well, and applications show the rest of them so. */
const shownForms = (
  [
    ["name", ({ name }) => name],
    ["given_name", ({ givenName }) => givenName],
    ["family_name", ({ familyName }) => familyName],
    ["middle_name", ({ middleName }) => middleName],
    ["nickname", ({ nickname }) => nickname],
    ["profile", ({ profile }) => profile],
    ["picture", ({ picture }) => picture],
    ["website", ({ website }) => website],
    ["gender", ({ gender }) => gender],
  ] as const satisfies readonly (readonly [string, (user: User) => string])[]
).map(([path, of]) => ({ path, of, isGood: isShownLine, description: wantedShownLine }));

/** The claims of which more is said than their length or a pattern: what they must be, and whether a text is that. */
const forms = [
  ...shownForms,
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

/** What is wrong with an address: the streets and the whole have lines (OpenID Connect Core §5.1.1), and nothing else has. */
function addressViolations({ address }: User): readonly FieldViolation[] {
  if (address === undefined) return [];
  const { formatted, streetAddress, locality, region, postalCode, country } = address;
  const texts = { formatted, street_address: streetAddress };
  const lines = { locality, region, postal_code: postalCode, country };
  return [
    ...Object.entries(texts).flatMap(([name, text]) => shownTextViolations(`user.address.${name}`, text)),
    ...Object.entries(lines)
      .filter(([, line]) => line !== "")
      .flatMap(([name, line]) => shownLineViolations(`user.address.${name}`, line)),
  ];
}

/**
 * Checks those claims of a profile that the paths name, or all, by what OpenID Connect Core §5.1 says of them, and what is text by
 * whether it can be shown; an empty one is none.
 * Throws INVALID_REQUEST, naming each.
 */
export function checkProfile(user: User, paths?: readonly string[]): void {
  const isAsked = (path: string): boolean => paths === undefined || paths.includes(path);
  const violations = [
    ...forms
      .filter(({ path, of, isGood }) => isAsked(path) && of(user) !== "" && !isGood(of(user)))
      .map(({ path, description }) => ({ field: `user.${path}`, description })),
    ...(isAsked("address") ? addressViolations(user) : []),
  ];
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
