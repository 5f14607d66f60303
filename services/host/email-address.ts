import { domainToASCII } from "node:url";

const beforeDomain = "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@";
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
/**
 * The form of an address in ASCII, which the contract's rules mean by `email`:
 * https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address.
 */
const asciiAddress = new RegExp(`^${beforeDomain}${label}(?:\\.${label})*$`);
/**
 * The form of every address that is one here, also with an internationalised domain, as a regular expression of which all
 * languages make the same: of what is ASCII, a domain has letters, digits, dots and hyphens alone.
 */
export const addressForm = String.raw`^${beforeDomain}[^\x00-,/:-@\[-\x60{-\x7f]+$`;
/** Characters of a domain as people type it: what a URL would read otherwise, such as `%2e`, is none. */
const typedDomain = /^[\p{L}\p{M}\p{N}.-]+$/u;
const beyondAscii = /\P{ASCII}/u;
/** RFC 5321 §4.5.3.1.3. */
const longest = 254;

/**
 * An address with its domain in A-labels (UTS 46, RFC 5891), as mail servers and applications know it; one that is in ASCII
 * already, or that is none, as it is.
 */
export function inAsciiDomain(address: string): string {
  const at = address.lastIndexOf("@") + 1;
  const domain = address.slice(at);
  if (at === 0 || !beyondAscii.test(domain) || !typedDomain.test(domain)) return address;
  const ascii = domainToASCII(domain);
  return ascii === "" ? address : address.slice(0, at) + ascii;
}

/** The domain of an address in A-labels; empty where it has none. */
export function asciiDomainOf(address: string): string {
  const ascii = inAsciiDomain(address);
  const at = ascii.lastIndexOf("@");
  return at < 0 ? "" : ascii.slice(at + 1);
}

/** Whether what is before the domain of an address is more than ASCII. */
export const hasOtherLetters = (address: string): boolean =>
  beyondAscii.test(address.slice(0, address.lastIndexOf("@") + 1));

/** Whether mail can be sent to an address: its domain may be an internationalised one, what is before it is ASCII. */
export function isEmailAddress(address: string): boolean {
  const ascii = inAsciiDomain(address);
  return ascii.length <= longest && asciiAddress.test(ascii);
}
