import { compareUtf8, type Labels } from "../../model/index.ts";

/** A growing list of series references. */
class RefList {
  #refs: Uint32Array = new Uint32Array(4);
  #count = 0;

  push(ref: number): void {
    if (this.#count === this.#refs.length) {
      const grown = new Uint32Array(this.#refs.length * 2);
      grown.set(this.#refs);
      this.#refs = grown;
    }
    this.#refs[this.#count++] = ref;
  }

  view(): Uint32Array {
    return this.#refs.subarray(0, this.#count);
  }
}

/** The postings of a block while it is written: for each label pair the series that have it. */
export class PostingsLists {
  readonly #all: RefList = new RefList();
  readonly #byName: Map<string, Map<string, RefList>> = new Map();

  /** Notes a series; references must ascend. */
  add(ref: number, labels: Labels): void {
    this.#all.push(ref);
    for (let i = 0; i < labels.length; i += 2) {
      this.#listOf(labels[i] as string, labels[i + 1] as string).push(ref);
    }
  }

  /** All series, ascending. */
  all(): Uint32Array {
    return this.#all.view();
  }

  /** Names of labels, in no order. */
  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** Values of a name with their series, sorted by value. */
  ofName(name: string): (readonly [string, Uint32Array])[] {
    return [...(this.#byName.get(name) ?? [])]
      .sort(([a], [b]) => compareUtf8(a, b))
      .map(([value, refs]) => [value, refs.view()] as const);
  }

  #listOf(name: string, value: string): RefList {
    let values = this.#byName.get(name);
    if (values === undefined) {
      values = new Map();
      this.#byName.set(name, values);
    }
    let list = values.get(value);
    if (list === undefined) {
      list = new RefList();
      values.set(value, list);
    }
    return list;
  }
}
