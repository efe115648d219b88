/** What the realm uses of a package that has no types. */

declare module "whatwg-url/webidl2js-wrapper.js" {
  interface Interface {
    /** Makes the class, as a property of `global`. */
    install(global: object, names: readonly string[]): void;
  }
  export const URL: Interface;
  export const URLSearchParams: Interface;
}
