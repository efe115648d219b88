/** Web IDL's conversions, as far as `URL` and `URLSearchParams` have such arguments. */

const loneSurrogates = /\p{Surrogate}/gu;

/** Text in which each half of a surrogate pair that stands alone is replaced. */
export function USVString(value: unknown, options?: { context?: string }): string {
  if (typeof value === "symbol") {
    const what = options?.context ?? "Value";
    throw new TypeError(`${what} is a symbol, which cannot be converted to a string`);
  }
  return String(value).replace(loneSurrogates, "\uFFFD");
}

export function any(value: unknown): unknown {
  return value;
}
