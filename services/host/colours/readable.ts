import { contrast, fromOklch, readHex, toOklch, writeHex, type Rgb } from "./colour.ts";

const white: Rgb = [1, 1, 1];
const black: Rgb = [0, 0, 0];
/** In lightness: less than anybody sees. */
const step = 0.005;

/** White or black, whichever can be read on the colour: of every colour one of them has at least 4.5 : 1. */
export const onColour = (colour: Rgb): Rgb => (contrast(white, colour) >= 4.5 ? white : black);

/**
 * The colour itself where it has this contrast to each of the grounds, otherwise the nearest of its hue that has: darker ones
 * are tried on light grounds and lighter ones on dark. White or black, at the end of the way, has up to 4.5 : 1 to any ground.
 */
export function readable(colour: Rgb, grounds: readonly Rgb[], ratio: number): Rgb {
  const isEnough = (one: Rgb): boolean => grounds.every((ground) => contrast(one, ground) >= ratio);
  if (isEnough(colour)) return colour;
  const isLight = grounds.every((ground) => onColour(ground) === black);
  const oklch = toOklch(colour);
  for (let { lightness } = oklch; lightness > 0 && lightness < 1; lightness += isLight ? -step : step) {
    // What is written is what counts: eight bits a channel.
    const tried = readHex(writeHex(fromOklch({ ...oklch, lightness })));
    if (isEnough(tried)) return tried;
  }
  return isLight ? black : white;
}

/** The colour moved in lightness, as far as what stands on it can still be read; the other way where it cannot. */
export function moved(colour: Rgb, by: number, standing: Rgb): Rgb {
  const oklch = toOklch(colour);
  const candidates = [by, -by].map((one) =>
    readHex(writeHex(fromOklch({ ...oklch, lightness: Math.min(1, Math.max(0, oklch.lightness + one)) }))),
  );
  return candidates.find((one) => contrast(one, standing) >= 4.5) ?? colour;
}
