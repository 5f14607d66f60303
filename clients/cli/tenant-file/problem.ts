/** Where something is in a document: names of members and places in lists. */
export type Path = readonly (string | number)[];

/** Something in a file that cannot be right. */
export interface Problem {
  readonly path: Path;
  /** What would be right. */
  readonly description: string;
}

/** `clients[0].redirect_uris[1]` */
export const pathText = (path: Path): string =>
  path.map((step, at) => (typeof step === "number" ? `[${step}]` : at === 0 ? step : `.${step}`)).join("");
