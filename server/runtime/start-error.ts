/** Why the server cannot start, as one sentence that says what to do. No bug, so no stack is shown. */
export class StartError extends Error {
  constructor(sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "StartError";
  }
}
