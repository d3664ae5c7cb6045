export { type AnswerTail, type AnswerWriter, createAnswerWriter } from "./answer-writer.ts";
export type { TimeGrid } from "./time-text.ts";
