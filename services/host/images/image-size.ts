import { imageType } from "./image-type.ts";

/** Width and height in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** How the header of each type says its size; undefined where the header is not whole. */
const readers: Readonly<Record<string, (bytes: DataView) => ImageSize | undefined>> = {
  "image/png": pngSize,
  "image/gif": gifSize,
  "image/jpeg": jpegSize,
  "image/webp": webpSize,
};

/**
 * The size of a picture by its header, whatever follows it; undefined for what is no picture that is shown, or has a header
 * that no program could read. It is looked at so that nobody's browser is given more pixels than it can hold.
 */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  const read = readers[imageType(bytes) ?? ""];
  const size = read?.(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
}

/** Portable Network Graphics §11.2.1: the first chunk is IHDR. */
function pngSize(bytes: DataView): ImageSize | undefined {
  if (bytes.byteLength < 33 || bytes.getUint32(12) !== 0x49_48_44_52) return undefined;
  return { width: bytes.getUint32(16), height: bytes.getUint32(20) };
}

/** GIF89a §18: the logical screen. */
function gifSize(bytes: DataView): ImageSize | undefined {
  if (bytes.byteLength < 13) return undefined;
  return { width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) };
}

/** Whether a JPEG marker begins a frame (ITU-T T.81 table B.1): SOF0 to SOF15 without DHT, JPG and DAC. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** ITU-T T.81 §B.2.2: the frame header, behind whatever segments come before it. */
function jpegSize(bytes: DataView): ImageSize | undefined {
  let at = 2;
  while (at + 9 <= bytes.byteLength) {
    if (bytes.getUint8(at) !== 0xff) return undefined;
    const marker = bytes.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (isFrame(marker)) return { height: bytes.getUint16(at + 5), width: bytes.getUint16(at + 7) };
    const length = bytes.getUint16(at + 2);
    if (length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}

/** RFC 9649 §2.5–2.7: the first chunk is that of a lossy, a lossless or an extended file. */
function webpSize(bytes: DataView): ImageSize | undefined {
  if (bytes.byteLength < 30) return undefined;
  switch (bytes.getUint32(12)) {
    case 0x56_50_38_20: // "VP8 "
      return { width: bytes.getUint16(26, true) & 0x3f_ff, height: bytes.getUint16(28, true) & 0x3f_ff };
    case 0x56_50_38_4c: {
      // "VP8L": fourteen bits each, behind the signature 0x2f
      const bits = bytes.getUint32(21, true);
      return { width: (bits & 0x3f_ff) + 1, height: ((bits >>> 14) & 0x3f_ff) + 1 };
    }
    case 0x56_50_38_58: // "VP8X"
      return { width: uint24(bytes, 24) + 1, height: uint24(bytes, 27) + 1 };
    default:
      return undefined;
  }
}

const uint24 = (bytes: DataView, at: number): number => bytes.getUint16(at, true) + (bytes.getUint8(at + 2) << 16);
