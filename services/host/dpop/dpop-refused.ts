/** Errors of RFC 9449 §5 and §8, by the standard's codes. */
export type DpopFault = "invalid_dpop_proof" | "use_dpop_nonce";

/** A DPoP proof that is not good. Its message is for the client's developer: English, printable ASCII. */
export class DpopRefused extends Error {
  override readonly name = "DpopRefused";
  readonly fault: DpopFault;
  constructor(fault: DpopFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
