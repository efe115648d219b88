/**
 * The traps of lazy documents, which C++ makes as proxies of empty objects.
 *
 * Reading a member is C++'s. Everything else fills the object first, after which the
 * handler has no traps any more, and then does what the proxy would do without one.
 */

/** Makes the target of a handler what its document says. */
type Fill = (handler: object, target: object) => void;

/** Puts the traps into the object that all handlers inherit from. */
export function setDocumentTraps(
  handlers: object,
  get: unknown,
  has: unknown,
  fill: Fill,
): void {
  const traps: ThisType<object> & ProxyHandler<object> = {
    set(target, key, value, receiver) {
      fill(this, target);
      return Reflect.set(target, key, value, receiver);
    },
    deleteProperty(target, key) {
      fill(this, target);
      return Reflect.deleteProperty(target, key);
    },
    defineProperty(target, key, property) {
      fill(this, target);
      return Reflect.defineProperty(target, key, property);
    },
    getOwnPropertyDescriptor(target, key) {
      fill(this, target);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys(target) {
      fill(this, target);
      return Reflect.ownKeys(target);
    },
    setPrototypeOf(target, prototype) {
      fill(this, target);
      return Reflect.setPrototypeOf(target, prototype);
    },
    preventExtensions(target) {
      fill(this, target);
      return Reflect.preventExtensions(target);
    },
  };
  Object.assign(handlers, { get, has, ...traps });
}
