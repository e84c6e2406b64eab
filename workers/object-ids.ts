/** Ids of objects that have a fixed name: made once a namespace, for each costs a hash or two. */

const ids = new WeakMap<object, Map<string, DurableObjectId>>()

/** The id of the object of this name. */
export function idOf(namespace: DurableObjectNamespace, name: string): DurableObjectId {
  const own = ids.get(namespace) ?? new Map<string, DurableObjectId>()
  const known = own.get(name)
  if (known) return known
  const id = namespace.idFromName(name)
  ids.set(namespace, own.set(name, id))
  return id
}

/** An object's methods by a stub that is made when the first of them is called: most requests call few objects. */
export function whenCalled<Service extends object>(open: () => Service): Service {
  let stub: Record<string | symbol, (...input: unknown[]) => unknown> | undefined
  return new Proxy({} as Service, {
    get: (_, name) => {
      stub ??= open() as typeof stub & object
      const opened = stub
      return (...input: unknown[]) => opened[name]?.(...input)
    },
  })
}
