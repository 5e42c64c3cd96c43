/** A map by name that takes no room while it is empty: each item of a list has several, and most of them stay so. */
export class SparseMap<V> {
  #map: Map<string, V> | null = null;

  get(name: string): V | undefined {
    return this.#map?.get(name);
  }

  set(name: string, value: V): void {
    this.#map ??= new Map();
    this.#map.set(name, value);
  }

  delete(name: string): void {
    this.#map?.delete(name);
  }

  *entries(): Generator<[string, V]> {
    if (this.#map !== null) yield* this.#map;
  }
}
