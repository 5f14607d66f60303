import { Liquid } from "liquidjs";

/** Templates of a folder, escaped by default. */
export const templatesIn = (root: string): Liquid =>
  new Liquid({
    root,
    extname: ".liquid",
    outputEscape: "escape",
    cache: true,
    ownPropertyOnly: true,
    jsTruthy: true, // an empty text is nothing to show
    strictVariables: false,
  });
