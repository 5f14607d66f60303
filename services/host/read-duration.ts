const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time as people write it, `90d`, `12h`, `5m` or `30s`, in milliseconds; undefined for anything else. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = Object.entries(units).find(([name]) => name === match?.[2])?.[1];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}
