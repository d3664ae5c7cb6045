import { urdError } from "../model/index.ts";
import { ByteBudget } from "../limits/index.ts";

/** What one process takes on at once, over all tenants. */
export interface InstanceLimits {
  /** Pushes being handled. */
  readonly inflightPushesMax: number;
  /** Bytes of pushes held: bodies as received, decoded, and split. */
  readonly inflightPushSizeBytesMax: number;
}

/** A place among the pushes in flight, with the bytes reserved for it. */
export interface Ticket {
  /** Reserves bytes before they are held; throws when the process holds as many as it can. */
  reserve(sizeBytes: number): void;
  /** Gives a part of the reserved bytes back. */
  release(sizeBytes: number): void;
  /** Gives everything back. Idempotent. */
  close(): void;
}

/** Guards the process: what it cannot hold is refused before it is read, with a 503. */
export interface Admission {
  /** Lets a push in, or throws. */
  enter(): Ticket;
  readonly inflightPushes: number;
  readonly inflightSizeBytes: number;
}

/** An admission with nothing in flight. */
export function createAdmission(limits: InstanceLimits): Admission {
  return new InstanceAdmission(limits);
}

class InstanceAdmission implements Admission {
  readonly #pushesMax: number;
  readonly #budget: ByteBudget;
  #pushes = 0;

  constructor(limits: InstanceLimits) {
    this.#pushesMax = limits.inflightPushesMax;
    this.#budget = new ByteBudget(limits.inflightPushSizeBytesMax);
  }

  get inflightPushes(): number {
    return this.#pushes;
  }

  get inflightSizeBytes(): number {
    return this.#budget.usedBytes;
  }

  enter(): Ticket {
    if (this.#pushes >= this.#pushesMax) {
      throw urdError(
        "distributor-max-inflight-push-requests",
        `${this.#pushes} write requests are being handled already.`,
        { limit: this.#pushesMax },
      );
    }
    this.#pushes++;
    return new BudgetTicket(this.#budget, () => {
      this.#pushes--;
    });
  }
}

class BudgetTicket implements Ticket {
  readonly #budget: ByteBudget;
  readonly #onClose: () => void;
  #reservedBytes = 0;
  #closed = false;

  constructor(budget: ByteBudget, onClose: () => void) {
    this.#budget = budget;
    this.#onClose = onClose;
  }

  reserve(sizeBytes: number): void {
    if (!this.#budget.reserve(sizeBytes)) throw memoryExhausted(this.#budget.sizeBytesMax);
    this.#reservedBytes += sizeBytes;
  }

  release(sizeBytes: number): void {
    this.#budget.release(sizeBytes);
    this.#reservedBytes -= sizeBytes;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.release(this.#reservedBytes);
    this.#reservedBytes = 0;
    this.#onClose();
  }
}

/** The refusal of a push for want of memory. */
export function memoryExhausted(limitBytes: number): Error {
  return urdError(
    "distributor-max-inflight-push-requests-bytes",
    "The write requests being handled already hold as many bytes as the process allows.",
    { limit: limitBytes },
  );
}
