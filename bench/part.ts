/** How thoroughly a part measures. */
export interface Thoroughness {
  /** A look in a minute or so, whose figures nobody quotes. */
  readonly quick: boolean;
}

/** A part of the benchmarks, that can be run alone. */
export interface Part {
  readonly name: PartName;
  /** Measures, tells on standard output how it goes, and answers its figures, and its tables in Markdown. */
  readonly run: (thoroughness: Thoroughness) => Promise<{ readonly figures: object; readonly markdown: string }>;
}

export type PartName = "tokens" | "shapes" | "processes" | "sequencer" | "scale" | "sign-ins" | "passkeys" | "start";
