const ascii = (text: string): readonly number[] => Array.from(text, (character) => character.charCodeAt(0));

/** How files of each type begin: bytes at their places. */
const signatures: readonly {
  readonly mediaType: string;
  readonly parts: readonly (readonly [number, readonly number[]])[];
}[] = [
  { mediaType: "image/png", parts: [[0, [0x89, ...ascii("PNG\r\n"), 0x1a, 0x0a]]] },
  { mediaType: "image/jpeg", parts: [[0, [0xff, 0xd8, 0xff]]] },
  { mediaType: "image/gif", parts: [[0, ascii("GIF87a")]] },
  { mediaType: "image/gif", parts: [[0, ascii("GIF89a")]] },
  {
    mediaType: "image/webp",
    parts: [
      [0, ascii("RIFF")],
      [8, ascii("WEBP")],
    ],
  },
];

/**
 * The type of a picture by its first bytes, whatever its host said of it; undefined for what is none of those that hold
 * nothing but a picture. SVG is not among them: it is a document, with scripts and links (security A18).
 */
export function imageType(bytes: Uint8Array): string | undefined {
  return signatures.find(({ parts }) =>
    parts.every(([at, expected]) => expected.every((byte, offset) => bytes[at + offset] === byte)),
  )?.mediaType;
}
