/** How often people are mailed links to confirm an address. Times in milliseconds. */
export interface EmailPolicy {
  /** For one user, whoever asks, within an hour. */
  readonly perUser: number;
  /** How long a link is good. */
  readonly lifetime: number;
}

export const defaultEmailPolicy: EmailPolicy = { perUser: 10, lifetime: 24 * 60 * 60_000 };
