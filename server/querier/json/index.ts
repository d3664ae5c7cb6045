export { type AnswerWriter, createAnswerWriter } from "./answer-writer.ts";
