/** What is asked of one claim (OpenID Connect Core §5.5.1); null asks for it and nothing more. */
export type ClaimRequest = {
  readonly essential?: boolean;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
} | null;

/** The `claims` parameter as it was checked, under the standard's names. */
export interface ClaimsRequest {
  readonly userinfo?: Readonly<Record<string, ClaimRequest>>;
  readonly id_token?: Readonly<Record<string, ClaimRequest>>;
}

/** The names of all claims that are asked for, wherever they are to be. */
export const namesOf = ({ userinfo, id_token: idToken }: ClaimsRequest): readonly string[] => [
  ...Object.keys(userinfo ?? {}),
  ...Object.keys(idToken ?? {}),
];

/** The same request without the claims that `isKept` does not hold for. */
export function keptClaims(claims: ClaimsRequest, isKept: (name: string) => boolean): ClaimsRequest {
  const kept = (members: Readonly<Record<string, ClaimRequest>>) =>
    Object.fromEntries(Object.entries(members).filter(([name]) => isKept(name)));
  const { userinfo, id_token: idToken } = claims;
  return {
    ...(userinfo === undefined ? {} : { userinfo: kept(userinfo) }),
    ...(idToken === undefined ? {} : { id_token: kept(idToken) }),
  };
}

/** The text in which it is kept; empty where nothing is asked for. */
export const writeClaims = (claims: ClaimsRequest): string =>
  Object.keys(claims).length === 0 ? "" : JSON.stringify(claims);

/** Reads what `writeClaims` wrote. */
export const readClaims = (text: string): ClaimsRequest => (text === "" ? {} : (JSON.parse(text) as ClaimsRequest));

/** The values that a claim may have, the one or the several; undefined where any will do. */
export function valuesOf(asked: ClaimRequest | undefined): readonly unknown[] | undefined {
  if (asked === undefined || asked === null) return undefined;
  return asked.value === undefined ? asked.values : [asked.value];
}
