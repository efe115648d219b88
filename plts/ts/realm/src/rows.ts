/** Steps through what a set-returning function gave, for C++, which keeps one row. */

/** What C++ steps with. */
interface Rows {
  /** The next row, a promise of it, or `end`. */
  step(): unknown;
  /** Ends the iteration early. */
  stop(): unknown;
  readonly end: object;
}

const end = Object.freeze({});

/** The rows of a result; what is wrong with it, in words, where it is no set. */
export function openRows(result: unknown): Rows | string {
  if (result === undefined) return "its body returned nothing";
  if (result === null) return "its body returned null";
  // A string is iterable, but whoever returns one means one row, or forgot the brackets.
  if (typeof result === "string" || result instanceof String) {
    return "its body returned a string";
  }
  const { [Symbol.asyncIterator]: asyncIterator, [Symbol.iterator]: iterator } =
    result as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  if (asyncIterator != null) return asyncRows(asyncIterator.call(result as never));
  if (iterator != null) return syncRows(iterator.call(result as never));
  return `its body returned a value of type ${typeof result} that is not iterable`;
}

function syncRows(iterator: Iterator<unknown>): Rows {
  const next = nextOf(iterator);
  return {
    step() {
      const result = checked(next.call(iterator));
      return result.done === true ? ended(result) : result.value;
    },
    stop: () => iterator.return?.(),
    end,
  };
}

function asyncRows(iterator: AsyncIterator<unknown>): Rows {
  const next = nextOf(iterator);
  return {
    async step() {
      const result = checked(await next.call(iterator));
      return result.done === true ? ended(result) : result.value;
    },
    stop: () => iterator.return?.(),
    end,
  };
}

function nextOf<Next>(iterator: { next: Next }): Next {
  const { next } = iterator;
  if (typeof next === "function") return next;
  throw new TypeError("the iterator has no function next");
}

/** The end, at which a generator has returned nothing: a value there would be no row. */
function ended(result: IteratorResult<unknown>): object {
  if (result.value === undefined || result.value === null) return end;
  throw new TypeError(
    "a generator of a set returned a value, which is no row: yield it, or return nothing",
  );
}

function checked(result: IteratorResult<unknown>): IteratorResult<unknown> {
  if (Object(result) === result) return result;
  throw new TypeError(`Iterator result ${String(result)} is not an object`);
}
