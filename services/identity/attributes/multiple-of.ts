/** A number as its digits and the power of ten that they count: as JSON has it, not as binary floating point comes near to it. */
function decimal(value: number): readonly [digits: bigint, power: number] {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return [BigInt(whole + fraction), Number(exponent) - fraction.length];
}

/**
 * Whether a number is a multiple of another one, which is not 0: 0.3 is one of 0.1, which the remainder of a division of the two does
 * not tell. Both are finite, as numbers of JSON are.
 */
export function isMultipleOf(value: number, of: number): boolean {
  const [[digits, power], [ofDigits, ofPower]] = [decimal(value), decimal(of)];
  const lowest = Math.min(power, ofPower);
  const scaled = (counted: bigint, from: number): bigint => counted * 10n ** BigInt(from - lowest);
  return scaled(digits, power) % scaled(ofDigits, ofPower) === 0n;
}
