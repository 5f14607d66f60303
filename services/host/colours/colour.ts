/** A colour of sRGB: red, green and blue, 0 to 1 each, as they are written. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A colour of OKLCH: perceived lightness 0 to 1, chroma from 0 on, hue in degrees. */
export interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

/** Reads `#rrggbb`. Throws a RangeError for anything else: what becomes part of a style sheet comes from here alone. */
export function readHex(text: string): Rgb {
  if (!/^#[0-9a-f]{6}$/i.test(text)) throw new RangeError("a colour is written #rrggbb");
  const channel = (at: number): number => Number.parseInt(text.slice(at, at + 2), 16) / 255;
  return [channel(1), channel(3), channel(5)];
}

/** Writes `#rrggbb`. */
export const writeHex = (rgb: Rgb): string =>
  `#${rgb
    .map((channel) =>
      Math.round(channel * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

/** Relative luminance (WCAG 2.2). */
export function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map(toLinear) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: Rgb, other: Rgb): number {
  const [dim, bright] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

/** The colour in OKLCH (CSS Color Module Level 4 §9.4). */
export function toOklch(rgb: Rgb): Oklch {
  const [red, green, blue] = rgb.map(toLinear) as [number, number, number];
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  const lightness = 0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short;
  const a = 1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short;
  const b = 0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short;
  return { lightness, chroma: Math.hypot(a, b), hue: ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360 };
}

/** The colour of sRGB that is nearest in lightness and hue: where there is none of so much chroma, the one with the most. */
export function fromOklch({ lightness, chroma, hue }: Oklch): Rgb {
  let [lowest, highest] = [0, chroma];
  const whole = linearOf(lightness, chroma, hue);
  if (isWithin(whole)) return whole.map(toWritten) as unknown as Rgb;
  for (let step = 0; step < 16; step += 1) {
    const middle = (lowest + highest) / 2;
    if (isWithin(linearOf(lightness, middle, hue))) lowest = middle;
    else highest = middle;
  }
  return linearOf(lightness, lowest, hue).map(toWritten) as unknown as Rgb;
}

function linearOf(lightness: number, chroma: number, hue: number): Rgb {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

/** A little beyond is what rounding leaves of white and black. */
const isWithin = (linear: Rgb): boolean => linear.every((channel) => channel >= -0.0005 && channel <= 1.0005);

const toLinear = (written: number): number =>
  written <= 0.04045 ? written / 12.92 : ((written + 0.055) / 1.055) ** 2.4;

function toWritten(linear: number): number {
  const within = Math.min(1, Math.max(0, linear));
  return within <= 0.0031308 ? 12.92 * within : 1.055 * within ** (1 / 2.4) - 0.055;
}
