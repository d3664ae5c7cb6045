import { type Prng, seededPrng } from "../../../server/platform/base/index.ts";

/**
 * Random PromQL over the series of `data.ts`: every function, aggregation and operator with
 * every form of matching, offsets, @ and subqueries, nested up to a depth. Nearly all of it is
 * valid; what is not must fail alike.
 */
export interface QueryGenerator {
  next(): string;
}

/** What the generator may use beyond the language's stable part. */
export interface GeneratorOptions {
  /** Functions that the peers know only with their flags. */
  readonly experimental: ReadonlySet<string>;
}

/** A generator whose texts depend on the seed only. */
export function createQueryGenerator(seed: number, options: GeneratorOptions): QueryGenerator {
  const generator = new Generator(seed, options);
  return { next: () => generator.query() };
}

const metrics = ["req_total", "bytes_total", "temp", "mem", "odd", "up", "lat_bucket"] as const;
const rateFunctions = ["rate", "increase", "irate"] as const;
const rangeFunctions =
  `delta idelta deriv changes resets avg_over_time count_over_time last_over_time max_over_time
  min_over_time present_over_time stddev_over_time stdvar_over_time sum_over_time
  absent_over_time`.split(/\s+/);
const vectorFunctions =
  `abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn
  sin sinh sort sort_desc sqrt tan tanh timestamp day_of_month day_of_week day_of_year
  days_in_month hour minute month year histogram_avg histogram_count histogram_sum
  histogram_stddev histogram_stdvar`.split(/\s+/);
const experimentalRange =
  `mad_over_time ts_of_max_over_time ts_of_min_over_time ts_of_last_over_time
  ts_of_first_over_time first_over_time`.split(/\s+/);
const simpleAggregations = ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"];
const arithmetic = ["+", "-", "*", "/", "%", "^", "atan2"];
const comparisons = ["==", "!=", ">", "<", ">=", "<="];
const labelNames = ["job", "instance", "zone", "code", "le", "version"];
const ranges = ["15s", "1m", "2m", "5m", "7m13s", "30m"];
const numbers = ["0", "1", "-1", "2", "0.5", "3.7", "1e3", "NaN", "Inf", "-Inf", "0x1f", "1e-9"];

class Generator {
  readonly #prng: Prng;
  readonly #experimental: ReadonlySet<string>;

  constructor(seed: number, { experimental }: GeneratorOptions) {
    this.#prng = seededPrng(seed * 747_796_405 + 1);
    for (let i = 0; i < 8; i++) this.#prng.next();
    this.#experimental = experimental;
  }

  query(): string {
    const kind = this.#prng.next();
    if (kind < 0.04) return this.#matrix(2);
    if (kind < 0.12) return this.#scalar(3);
    return this.#vector(1 + this.#prng.below(4));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#prng.below(list.length)] as T;
  }

  #chance(share: number): boolean {
    return this.#prng.next() < share;
  }

  #vector(depth: number): string {
    if (depth <= 0) return this.#selector();
    const kind = this.#prng.next();
    if (kind < 0.1) return this.#selector();
    if (kind < 0.32) return this.#rangeCall(depth);
    if (kind < 0.52) return this.#aggregation(depth);
    if (kind < 0.74) return this.#binary(depth);
    if (kind < 0.78) return `${this.#pick(["-", "+"])}${this.#operand(depth - 1)}`;
    return this.#call(depth);
  }

  #selector(): string {
    const name = this.#pick(metrics);
    const matchers = Array.from({ length: this.#prng.below(3) }, () => this.#matcher());
    const modifiers = this.#modifiers();
    if (this.#chance(0.04)) {
      return `{__name__=~"${name}|${this.#pick(metrics)}"${matchers.map((m) => `,${m}`).join("")}}${modifiers}`;
    }
    return `${name}${matchers.length === 0 ? "" : `{${matchers.join(",")}}`}${modifiers}`;
  }

  #matcher(): string {
    return this.#pick([
      ...['job="api"', 'job!="db"', 'job=~"api|web"', 'job=~".*b"', 'instance="a:1"'],
      ...['instance!~"a.*"', 'zone=""', 'zone!=""', 'zone=~"z1|"', 'code=~"2..|4.."', 'le="+Inf"'],
    ]);
  }

  #modifiers(): string {
    let text = "";
    if (this.#chance(0.12)) text += ` offset ${this.#pick(["1m", "-3m", "17s", "90m", "0s"])}`;
    if (this.#chance(0.08)) {
      text += ` @ ${this.#pick(["start()", "end()", "TIME1", "TIME2"])}`;
    }
    return text;
  }

  #matrix(depth: number): string {
    if (depth > 0 && this.#chance(0.2)) {
      const step = this.#pick(["", "15s", "1m", "37s"]);
      return `${this.#operand(depth - 1)}[${this.#pick(ranges)}:${step}]${this.#modifiers()}`;
    }
    const name = this.#pick(metrics);
    const matchers = this.#chance(0.4) ? `{${this.#matcher()}}` : "";
    return `${name}${matchers}[${this.#pick(ranges)}]${this.#modifiers()}`;
  }

  #rangeCall(depth: number): string {
    const range = this.#matrix(depth - 1);
    const kind = this.#prng.next();
    if (kind < 0.35) return `${this.#pick(rateFunctions)}(${range})`;
    if (kind < 0.8) return `${this.#pick(rangeFunctions)}(${range})`;
    if (kind < 0.88) return `quantile_over_time(${this.#scalar(1)}, ${range})`;
    if (kind < 0.94) return `predict_linear(${range}, ${this.#scalar(1)})`;
    return this.#experimentalRange(range);
  }

  #experimentalRange(range: string): string {
    const known = experimentalRange.filter((name) => this.#experimental.has(name));
    if (this.#experimental.has("double_exponential_smoothing") && this.#chance(0.3)) {
      return `double_exponential_smoothing(${range}, 0.${1 + this.#prng.below(9)}, 0.3)`;
    }
    const name = known.length > 0 ? this.#pick(known) : "last_over_time";
    return `${name}(${range})`;
  }

  #grouping(): string {
    if (this.#chance(0.25)) return "";
    const names = labelNames.filter(() => this.#chance(0.35));
    return ` ${this.#pick(["by", "without"])} (${names.join(", ")}) `;
  }

  #aggregation(depth: number): string {
    const inner = this.#vector(depth - 1);
    const by = this.#grouping();
    const kind = this.#prng.next();
    if (kind < 0.72) return `${this.#pick(simpleAggregations)}${by}(${inner})`;
    if (kind < 0.86) return `${this.#pick(["topk", "bottomk"])}${by}(${this.#count()}, ${inner})`;
    if (kind < 0.93) return `quantile${by}(${this.#scalar(1)}, ${inner})`;
    if (kind < 0.97 || !this.#experimental.has("limitk")) {
      return `count_values${by}("${this.#pick(["v", "job", "code"])}", ${inner})`;
    }
    return this.#chance(0.5)
      ? `limitk${by}(${this.#count()}, ${inner})`
      : `limit_ratio${by}(${this.#pick(["0.3", "-0.7", "1", "0"])}, ${inner})`;
  }

  #count(): string {
    return this.#pick(["0", "1", "2", "3", "5", "100", "2.9", "scalar(up)"]);
  }

  #call(depth: number): string {
    const inner = this.#vector(depth - 1);
    const kind = this.#prng.next();
    if (kind < 0.55) return `${this.#pick(vectorFunctions)}(${inner})`;
    if (kind < 0.63) return this.#quantileOfBuckets(depth);
    if (kind < 0.7) return `clamp(${inner}, ${this.#scalar(1)}, ${this.#scalar(1)})`;
    if (kind < 0.75) return `clamp_${this.#pick(["min", "max"])}(${inner}, ${this.#scalar(1)})`;
    if (kind < 0.81) {
      return this.#chance(0.4) ? `round(${inner})` : `round(${inner}, ${this.#scalar(1)})`;
    }
    if (kind < 0.87) return `vector(${this.#scalar(depth - 1)})`;
    if (kind < 0.94) return this.#labelReplace(inner);
    if (kind < 0.98) {
      const sources = labelNames.filter(() => this.#chance(0.3)).map((name) => `, "${name}"`);
      return `label_join(${inner}, "${this.#pick(["dst", "job"])}", "-"${sources.join("")})`;
    }
    if (!this.#experimental.has("sort_by_label")) return `sort(${inner})`;
    return `sort_by_label${this.#pick(["", "_desc"])}(${inner}, "${this.#pick(labelNames)}")`;
  }

  #quantileOfBuckets(depth: number): string {
    const vector = this.#pick([
      ...["lat_bucket", `rate(lat_bucket[${this.#pick(ranges)}])`, this.#vector(depth - 1)],
      ...["sum by (le) (rate(lat_bucket[5m]))", "sum by (le, job) (lat_bucket)"],
    ]);
    if (this.#chance(0.8)) return `histogram_quantile(${this.#scalar(1)}, ${vector})`;
    return `histogram_fraction(${this.#scalar(1)}, ${this.#scalar(1)}, ${vector})`;
  }

  #labelReplace(inner: string): string {
    const [target, replacement, source, pattern] = this.#pick([
      ["dst", "$1", "job", "(.).*"],
      ["job", "x-$1", "job", "(a.*)"],
      ["zone", "", "zone", ".*"],
      ["instance", "same", "instance", ".*"],
      ["dst", "$name", "instance", "(?P<name>[a-z]):.*"],
      ["__name__", "renamed", "job", ".*"],
    ]) as [string, string, string, string];
    return `label_replace(${inner}, "${target}", "${replacement}", "${source}", "${pattern}")`;
  }

  #operand(depth: number): string {
    const text = this.#vector(depth);
    return /^[a-z_]+(\{[^}]*\})?$/.test(text) ? text : `(${text})`;
  }

  #binary(depth: number): string {
    const lhs = this.#operand(depth - 1);
    const kind = this.#prng.next();
    if (kind < 0.3) {
      const scalar = `(${this.#scalar(depth - 1)})`;
      const isLeft = this.#chance(0.5);
      const operator = this.#operator();
      return isLeft ? `${scalar} ${operator} ${lhs}` : `${lhs} ${operator} ${scalar}`;
    }
    const rhs = this.#chance(0.3) ? lhs : this.#operand(depth - 1);
    if (kind < 0.5) {
      const operator = this.#pick(["and", "or", "unless"]);
      return `${lhs} ${operator}${this.#chance(0.6) ? ` ${this.#matching()}` : ""} ${rhs}`;
    }
    const operator = this.#operator();
    if (this.#chance(0.25)) return `${lhs} ${operator} ${rhs}`;
    const matching = this.#matching();
    if (kind < 0.75) return `${lhs} ${operator} ${matching} ${rhs}`;
    const included = labelNames.filter(() => this.#chance(0.2)).join(", ");
    const many = this.#chance(0.5) ? "group_left" : "group_right";
    return `${lhs} ${operator} ${matching} ${many} (${included}) ${rhs}`;
  }

  #matching(): string {
    if (this.#chance(0.6)) {
      return `on (${this.#pick(["job", "instance", "job, instance", "job, instance, le", "zone", ""])})`;
    }
    return `ignoring (${this.#pick(["code", "zone", "zone, code", "le", ""])})`;
  }

  #operator(): string {
    if (this.#chance(0.6)) return this.#pick(arithmetic);
    return `${this.#pick(comparisons)}${this.#chance(0.4) ? " bool" : ""}`;
  }

  #scalar(depth: number): string {
    const kind = this.#prng.next();
    if (depth <= 0 || kind < 0.6) return this.#pick(numbers);
    if (kind < 0.7) return this.#pick(["time()", "pi()"]);
    if (kind < 0.82) return `scalar(${this.#vector(depth - 1)})`;
    if (kind < 0.88) return `-${this.#pick(["1", "0.25", "time()"])}`;
    const lhs = this.#scalar(depth - 1);
    const rhs = this.#scalar(depth - 1);
    if (kind < 0.95) return `(${lhs} ${this.#pick(arithmetic)} ${rhs})`;
    return `(${lhs} ${this.#pick(comparisons)} bool ${rhs})`;
  }
}
